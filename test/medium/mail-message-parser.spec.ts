import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { MailParserPool } from '../../src/mail/message/parse/mail-parser-pool';
import type { ParsedOutcome } from '../../src/mail/message/parse/parsed-outcome.types';
import { MIME_BOMBS } from '../support/mime-bombs';

const small = (n = 1): Buffer => Buffer.from(`From: ann@x.test\r\nSubject: hello ${n}\r\n\r\nhi\r\n`);
const KNOWN_ERRORS = ['MAIL_LIMIT', 'MAIL_UNPARSEABLE'];

describe('MailParserPool', () => {
  let pool: MailParserPool;

  beforeAll(async () => {
    pool = new MailParserPool();
    await pool.parse(small());
  });
  afterAll(() => pool.onApplicationShutdown());

  it('parses in a thread, many at once, each its own', async () => {
    const outcomes = await Promise.all(Array.from({ length: 50 }, (_, i) => pool.parse(small(i))));
    expect(outcomes.map(({ mail }) => mail.subject)).toEqual(Array.from({ length: 50 }, (_, i) => `hello ${i}`));
  });

  it('moves the memory of large mails instead of copying it, and attachments back', async () => {
    const content = Buffer.alloc(2 * 1024 * 1024, 7);
    const head =
      'From: a@x.test\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n';
    const bytes = new Uint8Array(Buffer.from(head + content.toString('base64')));
    const { attachments } = await pool.parse(bytes);
    expect(bytes.byteLength).toBe(0);
    expect(attachments).toMatchObject([{ filename: 'a.pdf', contentType: 'application/pdf', size: content.length }]);
    expect(Buffer.from(attachments[0]!.bytes).equals(content)).toBe(true);
  });

  describe.each(Object.entries(MIME_BOMBS))('bomb: %s', (_name, make) => {
    it('ends within the limit, refused or parsed, and the process answers meanwhile', async () => {
      const bytes = Buffer.from(make());
      const delay = monitorEventLoopDelay({ resolution: 5 });
      delay.enable();
      const start = performance.now();
      const result = await pool.parse(bytes).catch((error: { code: string; retryable: boolean }) => error);
      delay.disable();
      expect(performance.now() - start).toBeLessThan(10_500);
      if ('code' in result) {
        expect(KNOWN_ERRORS).toContain(result.code);
        expect(result.retryable).toBe(false);
      } else {
        expect(isBounded(result)).toBe(true);
      }
      expect(delay.max / 1e6).toBeLessThan(1000);
    });
  });

  it('parses the next mail after a bomb', async () => {
    await expect(pool.parse(small())).resolves.toMatchObject({ mail: { subject: 'hello 1' } });
  });

  it('gives a valid outcome or a known error for any bytes, and nothing that cannot be stored', async () => {
    const line = fc.oneof(
      fc.constantFrom(
        'From: ',
        'To: ',
        'Subject: =?utf-8?B?',
        'Content-Type: text/html; charset=',
        'Date: ',
        '--b',
        '\r\n\r\n',
      ),
      fc.constantFrom(
        'Content-Type: multipart/mixed; boundary=b\r\n',
        'Content-Transfer-Encoding: base64\r\n',
        'utf-16le\r\n',
        '?=',
      ),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
      fc.string({ unit: 'binary', maxLength: 20 }).map((text) => Buffer.from(text).toString('latin1')),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 25 }), async (lines) => {
        const result = await pool
          .parse(Buffer.from(lines.join(''), 'latin1'))
          .catch((error: { code: string }) => error);
        if ('code' in result) return expect(KNOWN_ERRORS).toContain(result.code);
        for (const text of stringsOf(result.mail)) {
          expect(Buffer.from(text).toString()).toBe(text);
          expect(text).not.toMatch(/[\0\u202e]/);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('MailParserPool with a thread that fails', () => {
  const reply = `const { parentPort: port } = require('node:worker_threads'); port.postMessage('ready');`;
  const failing =
    (onMessage: string, before = reply) =>
    () =>
      new Worker(`${before} port.on('message', ({ id, bytes }) => { ${onMessage} });`, {
        eval: true,
        resourceLimits: { maxOldGenerationSizeMb: 16 },
      });
  const outcome = `port.postMessage({ id, outcome: { mail: { subject: String(bytes.length) }, attachments: [] } });`;
  const good = small();
  const bad = Buffer.from('bad');
  const onlyBad = (what: string): string => `if (bytes.length === 3) { ${what} } else { ${outcome} }`;

  it.each([
    ['stops', 'process.exit(1)', 'MAIL_UNPARSEABLE'],
    ['throws outside of any promise', 'setImmediate(() => { throw new Error("boom") })', 'MAIL_UNPARSEABLE'],
    ['fills its heap', 'const all = []; for (;;) all.push(new Array(1e5).fill(1.5));', 'MAIL_LIMIT'],
    ['never answers', 'for (;;);', 'MAIL_LIMIT'],
  ])('when it %s, that mail fails for good and the next one is parsed', async (_what, code, error) => {
    const pool = new MailParserPool({ timeoutMs: 1000, startWorker: failing(onlyBad(code)) });
    const results = await Promise.allSettled([
      pool.parse(Buffer.from(good)),
      pool.parse(Buffer.from(bad)),
      pool.parse(Buffer.from(good)),
    ]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: { code: error, retryable: false } });
    await pool.onApplicationShutdown();
  });

  it('says that another try may help when it cannot start', async () => {
    const pool = new MailParserPool({ startWorker: failing('', 'process.exit(1);') });
    await expect(pool.parse(Buffer.from(good))).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    await pool.onApplicationShutdown();
  });

  it('stops waiting when asked to', async () => {
    const pool = new MailParserPool({ startWorker: failing(onlyBad('')) });
    const [running, queued] = [new AbortController(), new AbortController()];
    const first = pool.parse(Buffer.from(bad), { signal: running.signal });
    const second = pool.parse(Buffer.from(good), { signal: queued.signal });
    queued.abort(new Error('second'));
    await expect(second).rejects.toThrow('second');
    running.abort(new Error('first'));
    await expect(first).rejects.toThrow('first');
    await expect(pool.parse(Buffer.from(good), { signal: AbortSignal.abort(new Error('third')) })).rejects.toThrow(
      'third',
    );
    await pool.onApplicationShutdown();
  });

  it('refuses what is left when the process shuts down', async () => {
    const pool = new MailParserPool({ startWorker: failing(onlyBad('')) });
    const open = [pool.parse(Buffer.from(bad)), pool.parse(Buffer.from(good))];
    const settled = Promise.allSettled(open);
    await pool.onApplicationShutdown();
    for (const one of await settled) expect(one).toMatchObject({ reason: { code: 'UNAVAILABLE', retryable: true } });
    await expect(pool.parse(Buffer.from(good))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

function isBounded({ mail }: ParsedOutcome): boolean {
  const size = JSON.stringify(mail).length;
  return size < 2_000_000 && mail.to.length <= 200 && mail.cc.length <= 200 && mail.references.length <= 50;
}

function stringsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsOf) : [];
}
