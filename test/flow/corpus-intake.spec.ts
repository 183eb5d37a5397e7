import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Screening } from '../../src/mail/message/email.types';
import { MailParserPool } from '../../src/mail/message/parse/mail-parser-pool';
import { screen } from '../../src/mail/message/screening/screen';
import { sharedData } from '../support/shared-data';

const corpus = sharedData('mail');
const describeWithData = corpus ? describe : describe.skip;

type Result = { file: string; screening: Screening } | { file: string; quarantine: string };

const LIST_HEADER =
  /^(?:list-(?:id|unsubscribe|post|help|subscribe|owner|archive)|precedence|mailing-list|x-mailing-list)[ \t]*:/im;

describeWithData('real and broken mails from public corpora', () => {
  const pool = new MailParserPool();
  const results: Result[] = [];
  let maxBlockMs = 0;

  async function takeIn(file: string): Promise<Result> {
    try {
      const { mail } = await pool.parse(readFileSync(file));
      const screening = screen({
        mail: { ...mail, authentication: null },
        ownAddresses: ['support@shop.test'],
        isOwnLoopToken: () => false,
        isOwnMessageId: () => false,
        inKnownThread: false,
        trustRecipient: true,
      });
      return { file, screening };
    } catch (error) {
      return { file, quarantine: (error as { code: string }).code };
    }
  }

  beforeAll(async () => {
    const files = filesUnder(corpus!).filter((file) => /\.(?:eml|txt|msg|mbox|email)$|\/[^./]+$/.test(file));
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    for (let i = 0; i < files.length; i += 50) results.push(...(await Promise.all(files.slice(i, i + 50).map(takeIn))));
    delay.disable();
    maxBlockMs = delay.max / 1e6;
  }, 60_000);
  afterAll(() => pool.onApplicationShutdown());

  const within = (part: string): Result[] =>
    results.filter(({ file }) => file.startsWith(join(corpus!, part)) && !/LICENSE/.test(file));
  const verdicts = (some: Result[]): (string | undefined)[] =>
    some.map((result) => ('screening' in result ? result.screening.verdict : undefined));
  const answered = (some: Result[]): Result[] => some.filter((_, i) => verdicts(some)[i] === 'answer');

  it('takes in every one without a crash or a stall; what cannot be parsed is quarantined', () => {
    const quarantined = results.filter((result) => 'quarantine' in result);
    expect(results.length).toBeGreaterThan(1500);
    expect(new Set(quarantined.map(({ quarantine }) => quarantine))).toEqual(
      new Set(quarantined.length ? ['MAIL_LIMIT'] : []),
    );
    expect(quarantined.length).toBeLessThan(results.length / 100);
    expect(maxBlockMs).toBeLessThan(1000);
  });

  it('answers fewer than 3 % of bounces and reports', () => {
    const bounces = within('sisimai-bounces');
    expect(bounces.length).toBeGreaterThan(600);
    expect(answered(bounces).length / bounces.length).toBeLessThan(0.03);
  });

  it('answers no automatic reply', () => {
    const replies = within('emailengine/autoreply');
    expect(replies.length).toBeGreaterThan(0);
    expect(answered(replies)).toEqual([]);
  });

  it('answers no complaint', () => {
    expect(answered(within('emailengine/complaints'))).toEqual([]);
  });

  it('screens out fewer than 3 % of personal mails', () => {
    const personal = within('spamassassin').filter(
      ({ file }) => /easy-ham/.test(file) && !LIST_HEADER.test(headOf(file)),
    );
    expect(personal.length).toBeGreaterThan(0);
    const kept = answered(personal).length;
    expect((personal.length - kept) / personal.length).toBeLessThan(0.03);
  });

  it('recognises mailing lists', () => {
    const lists = within('spamassassin').filter(({ file }) => /easy-ham/.test(file) && LIST_HEADER.test(headOf(file)));
    expect(lists.length).toBeGreaterThan(100);
    expect(answered(lists)).toEqual([]);
  });
});

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function headOf(file: string): string {
  const text = readFileSync(file, 'latin1');
  const end = text.search(/\r?\n\r?\n/);
  return end < 0 ? text : text.slice(0, end);
}
