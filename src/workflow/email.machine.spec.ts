import { EMAIL_STATES } from '../mail/message/email.types';
import { isAtRest, nextState, OWNER_OF, replayEvent, TRANSITIONS } from './email.machine';

const edges = EMAIL_STATES.flatMap((from) => Object.values(TRANSITIONS[from]).map((to) => ({ from, to })));

describe('email state machine', () => {
  it('reaches every state from received', () => {
    const reached = new Set(['received']);
    for (let size = 0; size !== reached.size;) {
      size = reached.size;
      for (const edge of edges) if (reached.has(edge.from)) reached.add(edge.to);
    }
    expect([...reached].sort()).toEqual([...EMAIL_STATES].sort());
  });

  it('closes exactly the states that nobody owns', () => {
    const closed = EMAIL_STATES.filter((state) => Object.keys(TRANSITIONS[state]).length === 0);
    expect(closed).toEqual(EMAIL_STATES.filter((state) => OWNER_OF[state] === 'nobody'));
  });

  it('can come to an end from every state', () => {
    const ending = new Set(['done']);
    for (let size = 0; size !== ending.size;) {
      size = ending.size;
      for (const edge of edges) if (ending.has(edge.to)) ending.add(edge.from);
    }
    expect([...ending].sort()).toEqual([...EMAIL_STATES].sort());
  });

  it('lets every step fail into quarantine, and replay puts it back where it failed', () => {
    for (const state of EMAIL_STATES.filter((candidate) => OWNER_OF[candidate] === 'step')) {
      expect(nextState(state, 'quarantined')).toBe('quarantined');
      expect(nextState('quarantined', replayEvent(state))).toBe(state);
    }
  });

  it.each([
    ['received', 'approved'],
    ['done', 'sent'],
    ['in_review', 'toString'],
    ['outbox', 'approved'],
  ] as const)('refuses %s -> %s', (from, event) => {
    expect(nextState(from, event)).toBeNull();
  });

  it('only rests where no step works', () => {
    expect(EMAIL_STATES.filter(isAtRest)).toEqual([
      'in_review',
      'done',
      'ignored',
      'needs_human',
      'rejected',
      'quarantined',
    ]);
  });
});
