import { Binary } from 'bson';
import { decode, encode } from './codec';

describe('writing documents larger than the buffer', () => {
  it.each([60_000, 65_530, 84_000, 300_000, 2_000_000])(
    'keeps the type of a value of %i bytes that makes it grow',
    (size) => {
      const bytes = new Binary(Buffer.alloc(size, 'x'));
      const back = decode(encode({ _id: 'a', before: 1, bytes, after: 'z' }));
      expect(back).toMatchObject({ _id: 'a', before: 1, after: 'z' });
      expect((back.bytes as Binary).length()).toBe(size);
    },
  );
});
