import { backoffMs, gate } from './gate.js';

const now = new Date('2026-11-22T12:00:00Z');
const open = { autoSendEnabled: true, deliveryPaused: false };
const running = { paused: false };
const hoursAgo = (hours: number): Date => new Date(now.getTime() - hours * 3600_000);
const anItem = (changes = {}) => ({ mode: 'auto' as const, createdAt: hoursAgo(1), claims: 1, ...changes });
const human = anItem({ mode: 'human' });

it.each([
  ['everything is fine', anItem(), running, open, { verdict: 'go' }],
  ['no mailbox', anItem(), null, open, { verdict: 'hold', reason: 'mailbox_missing' }],
  ['it ends the process', anItem({ claims: 6 }), running, open, { verdict: 'hold', reason: 'crashing' }],
  ['five claims', anItem({ claims: 5 }), running, open, { verdict: 'go' }],
  [
    'an old automatic reply',
    anItem({ createdAt: hoursAgo(24.1) }),
    running,
    open,
    { verdict: 'hold', reason: 'stale' },
  ],
  ['an old reply of a person', { ...human, createdAt: hoursAgo(24.1) }, running, open, { verdict: 'go' }],
  [
    'all sending paused',
    human,
    running,
    { ...open, deliveryPaused: true },
    { verdict: 'wait', why: 'delivery_paused' },
  ],
  [
    'the kill switch',
    anItem(),
    running,
    { ...open, autoSendEnabled: false },
    { verdict: 'wait', why: 'auto_send_off' },
  ],
  ['the kill switch, a person', human, running, { ...open, autoSendEnabled: false }, { verdict: 'go' }],
  ['the mailbox paused', human, { paused: true }, open, { verdict: 'wait', why: 'mailbox_paused' }],
])('%s', (_, item, mailbox, switches, expected) => {
  expect(gate(item, mailbox, switches, now)).toMatchObject(expected);
});

it('the backoff is random up to a limit that doubles from 2 s to 15 minutes', () => {
  const most = [1, 2, 3, 4, 10, 11, 500].map((tries) => backoffMs(tries, () => 1));
  expect(most).toEqual([2000, 4000, 8000, 16_000, 900_000, 900_000, 900_000]);
  expect(backoffMs(5, () => 0)).toBe(0);
  expect(backoffMs(3)).toBeLessThanOrEqual(8000);
});
