import * as fc from 'fast-check';
import { decide } from './decide';
import type { DecisionInput } from './decision.types';
import { neverAutoHits } from './never-auto';

const input = (changes: Partial<DecisionInput> = {}): DecisionInput => ({
  mode: 'review',
  screening: { verdict: 'answer', reason: null, evidence: null },
  classification: { category: 'billing', priority: 'normal', confidence: 0.97, language: 'en' },
  draft: { kind: 'draft', citations: 1, reason: null },
  failedChecks: [],
  neverAutoHits: [],
  autoSendEnabled: true,
  ...changes,
});

describe('decide', () => {
  it('asks a person in review mode', () => {
    expect(decide(input())).toMatchObject({ verdict: 'review', decidedBy: 'mode' });
  });

  it('ignores what screening ruled out, whatever else holds', () => {
    const screening = { verdict: 'ignore', reason: 'auto_submitted', evidence: null } as const;
    expect(decide(input({ screening, draft: { kind: 'no_answer', citations: 0, reason: 'x' } }))).toMatchObject({
      verdict: 'ignore',
      decidedBy: 'screening',
    });
  });

  it('hands over what it cannot answer', () => {
    expect(decide(input({ draft: { kind: 'no_answer', citations: 0, reason: 'no article fits' } }))).toMatchObject({
      verdict: 'escalate',
      decidedBy: 'answerable',
    });
  });

  it.each([
    [null, 'escalate'],
    [0.8, 'escalate'],
    [0.99, 'ignore'],
  ] as const)('puts spam with confidence %s to %s', (confidence, verdict) => {
    const classification = { category: 'spam', priority: 'low', confidence, language: 'en' } as const;
    expect(decide(input({ classification })).verdict).toBe(verdict);
  });

  it('is total and repeatable, and never sends without the auto mode', () => {
    const anyInput = fc.record({
      mode: fc.constantFrom('off', 'shadow', 'review'),
      screening: fc.record({
        verdict: fc.constantFrom('answer', 'ignore', 'hold'),
        reason: fc.option(fc.string()),
        evidence: fc.constant(null),
      }),
      classification: fc.record({
        category: fc.constantFrom('spam', 'billing', 'other'),
        priority: fc.constantFrom('low', 'urgent'),
        confidence: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
        language: fc.option(fc.constant('en')),
      }),
      draft: fc.record({
        kind: fc.constantFrom('draft', 'no_answer'),
        citations: fc.nat(5),
        reason: fc.option(fc.string()),
      }),
      failedChecks: fc.array(fc.record({ code: fc.string(), severity: fc.constantFrom('warn', 'block') })),
      neverAutoHits: fc.array(fc.string()),
      autoSendEnabled: fc.boolean(),
    }) as fc.Arbitrary<DecisionInput>;
    fc.assert(
      fc.property(anyInput, (value) => {
        const first = decide(value);
        expect(decide(structuredClone(value))).toEqual(first);
        expect(first.verdict).not.toBe('send');
      }),
    );
  });
});

describe('neverAutoHits', () => {
  it.each([
    ['Please refund my order', ['refund']],
    ['Ich möchte kündigen', ['cancellation']],
    ['My lawyer will call; our account was hacked', ['legal', 'security']],
    ['How do I change my address?', []],
    ['scourtage is not a word about tribunals of fun', ['legal']],
  ])('%s', (text, expected) => {
    expect(neverAutoHits({ subject: '', text }, [])).toEqual(expected);
  });

  it('adds the words of the mailbox, taken literally', () => {
    expect(neverAutoHits({ subject: 'About (VIP) plans', text: '' }, ['(VIP)', 'x+'])).toEqual(['(VIP)']);
  });
});
