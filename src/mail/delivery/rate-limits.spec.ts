import { rateLimits, rateWindows, windowEnd, windowKey } from './rate-limits.js';

const limits = rateLimits({ RATE_PER_RECIPIENT: '1/5', RATE_PER_MAILBOX: '60/1000' });
const mail = { mailboxId: 'm', threadId: 't', recipient: 'ann@customer.test' };
const pseudonym = (value: string): string => `#${value.length}`;
const now = new Date('2026-11-22T10:00:30Z');

it('counts an automatic reply everywhere, short windows first', () => {
  const windows = rateWindows({ ...mail, mode: 'auto' }, limits, pseudonym);
  expect(windows.map(({ scope, max }) => [scope, max])).toEqual([
    ['mailbox_minute', 60],
    ['domain_minute', 30],
    ['recipient_10min', 1],
    ['recipient_day', 5],
    ['thread', 3],
    ['mailbox_day', 1000],
  ]);
  expect(JSON.stringify(windows)).not.toContain('customer.test');
});

it("counts a person's reply per mailbox only, and a mail without a thread nowhere there", () => {
  const human = rateWindows({ ...mail, mode: 'human' }, limits, pseudonym);
  expect(human.map((window) => window.scope)).toEqual(['mailbox_minute', 'mailbox_day']);
  const alone = rateWindows({ ...mail, threadId: null, mode: 'auto' }, limits, pseudonym);
  expect(alone.map((window) => window.scope)).not.toContain('thread');
});

it('cuts time into windows; that of a thread has no beginning', () => {
  const [minute, , tenMinutes, , thread] = rateWindows({ ...mail, mode: 'auto' }, limits, pseudonym);
  expect(windowEnd(minute!, now)).toEqual(new Date('2026-11-22T10:01:00Z'));
  expect(windowEnd(tenMinutes!, now)).toEqual(new Date('2026-11-22T10:10:00Z'));
  expect(windowKey(minute!, now)).toBe(windowKey(minute!, new Date('2026-11-22T10:00:59Z')));
  expect(windowKey(minute!, now)).not.toBe(windowKey(minute!, new Date('2026-11-22T10:01:00Z')));
  expect(windowKey(thread!, now)).toBe('thread|t');
  expect(windowEnd(thread!, now)).toEqual(new Date('2026-12-22T10:00:30Z'));
});
