import { decodeToken, encodeToken } from './resume-token.js';

describe('resume tokens', () => {
  const run = Buffer.from('aabbccddeeff0011', 'hex');

  it('come back as they went out, and sort by time', () => {
    const positions = [1, 2, 255, 256, 70_000].map((sequence) => ({ sequence, invalidate: sequence === 2 }));
    const tokens = positions.map((position) => encodeToken(position, run));
    expect(tokens.map((token) => decodeToken(token, run))).toEqual(positions);
    const texts = tokens.map((token) => token['_data'] as string);
    expect([...texts].sort()).toEqual(texts);
  });

  it('of an earlier run of the server are history that is lost', () => {
    const token = encodeToken({ sequence: 1, invalidate: false }, Buffer.alloc(8));
    expect(() => decodeToken(token, run)).toThrow(expect.objectContaining({ code: 286 }));
  });

  it.each([
    [{}, 40649],
    [{ _data: 5 }, 40649],
    [{ _data: 'xyz' }, 9],
    [{ _data: 'AABB' }, 260],
  ])('%j is refused with %i', (token, code) => {
    expect(() => decodeToken(token, run)).toThrow(expect.objectContaining({ code }));
  });
});
