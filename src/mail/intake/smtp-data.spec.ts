import { PassThrough } from 'node:stream';
import type { SMTPServerDataStream } from 'smtp-server';
import { ByteBudget, collectData } from './smtp-data.js';

const streamOf = (...chunks: string[]): SMTPServerDataStream => {
  const stream = new PassThrough();
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  return stream as unknown as SMTPServerDataStream;
};

describe('collectData', () => {
  it('gives the bytes of a mail within the limits', async () => {
    const data = await collectData(streamOf('ab', 'cd'), 4, new ByteBudget(100));
    expect(data).toEqual({ kind: 'mail', bytes: Buffer.from('abcd') });
  });

  it('reads a mail that is too large to its end and keeps nothing of it', async () => {
    const budget = new ByteBudget(10);
    expect(await collectData(streamOf('abc', 'de', 'f'), 4, budget)).toEqual({ kind: 'too-large' });
    expect(budget.take(10)).toBe(true);
  });

  it('refuses what does not fit beside the other mails', async () => {
    const budget = new ByteBudget(5);
    await collectData(streamOf('abc'), 100, budget);
    expect(await collectData(streamOf('de', 'f'), 100, budget)).toEqual({ kind: 'no-room' });
    budget.giveBack(3);
    expect(await collectData(streamOf('def'), 100, budget)).toMatchObject({ kind: 'mail' });
  });

  it('frees the room when the client goes away', async () => {
    const budget = new ByteBudget(5);
    const stream = new PassThrough();
    stream.write('abc');
    const collecting = collectData(stream as unknown as SMTPServerDataStream, 100, budget);
    setImmediate(() => stream.destroy(new Error('gone')));
    await expect(collecting).rejects.toThrow('gone');
    expect(budget.take(5)).toBe(true);
  });
});
