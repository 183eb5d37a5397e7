import { FINAL_STATES, INITIAL_STATE, OUTBOX_MOVES, STATE_OWNER } from './outbox.machine.js';
import { OUTBOX_STATES, type OutboxState } from './outbox.types.js';

const moves: { from: readonly OutboxState[]; to: OutboxState }[] = Object.values(OUTBOX_MOVES);
const leaves = (state: OutboxState): OutboxState[] =>
  moves.filter((move) => move.from.includes(state)).map((move) => move.to);

/** Every state that can be reached from `start`, itself included. */
function reachable(start: OutboxState): Set<OutboxState> {
  const seen = new Set([start]);
  for (const state of seen) leaves(state).forEach((next) => seen.add(next));
  return seen;
}

it('reaches every state', () => {
  expect([...reachable(INITIAL_STATE)].sort()).toEqual([...OUTBOX_STATES].sort());
});

it('leaves no final state, and every other one', () => {
  for (const state of OUTBOX_STATES) expect(leaves(state).length > 0).toBe(!FINAL_STATES.includes(state));
});

it('has a way to an end from everywhere', () => {
  for (const state of OUTBOX_STATES) expect(FINAL_STATES.some((end) => reachable(state).has(end))).toBe(true);
});

it('gives every state that is not final an owner', () => {
  for (const state of OUTBOX_STATES) expect(STATE_OWNER[state] === null).toBe(FINAL_STATES.includes(state));
});

it('never goes from sending or unknown to another attempt without a word of the server, a person or the policy', () => {
  expect(leaves('unknown').sort()).toEqual(['held', 'retry_wait', 'sent']);
  expect(OUTBOX_MOVES.attempt.from).toEqual(['scheduled', 'retry_wait']);
  expect(OUTBOX_MOVES.resend.from).toEqual(['held', 'unknown']);
});

it('can undo only where nothing can have left', () => {
  expect(OUTBOX_MOVES.cancel.from).toEqual(['scheduled', 'retry_wait']);
});
