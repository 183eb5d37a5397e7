import type { ClassificationAnswer } from '../classification.types.js';
import { checkAnswer } from './answer-check.js';

const answer = (changes: Record<string, unknown> = {}): ClassificationAnswer => ({
  category: 'billing',
  priority: 'high',
  sentiment: 'negative',
  summary: 'Was charged twice.',
  reason: 'Two charges are named.',
  language: 'en',
  ...changes,
});

const mail = { subject: 'Invoice', text: 'I was charged twice.', attachmentNames: [] };

describe('checkAnswer', () => {
  it('passes a good answer through', () => {
    expect(checkAnswer(answer(), mail, ['billing', 'support'])).toEqual(answer());
  });

  it.each([
    ['an unknown category', { category: 'refunds' }],
    ['a category in other letters', { category: 'Billing' }],
    ['an unknown priority', { priority: 'blocker' }],
    ['an unknown sentiment', { sentiment: 'sarcastic' }],
    ['an empty summary', { summary: ' \n' }],
    ['a summary of signs', { summary: '...\u200b' }],
  ])('refuses %s', (_, change) => {
    expect(() => checkAnswer(answer(change), mail, ['billing'])).toThrow(
      expect.objectContaining({ code: 'LLM_BAD_OUTPUT', retryable: false }),
    );
  });

  it('has a summary also for a mail without words', () => {
    const empty = { subject: '', text: ' ', attachmentNames: ['a.pdf'] };

    expect(checkAnswer(answer({ summary: '' }), empty, ['billing']).summary).toBe('No text, 1 attachment(s)');
  });

  it('makes texts one visible line of bounded length', () => {
    const checked = checkAnswer(
      answer({ summary: `Pay\n\u202enow\u200b ${'word '.repeat(100)}`, reason: 'because '.repeat(500) }),
      mail,
      ['billing'],
    );

    expect(checked.summary).toMatch(/^Pay now word/);
    expect(checked.summary.length).toBeLessThanOrEqual(200);
    expect(checked.reason.length).toBeLessThanOrEqual(500);
  });

  it.each([
    ['en-GB', 'en'],
    ['DE', 'de'],
    ['english', null],
    ['', null],
    [null, null],
  ])('reads the language %j as %j', (given, language) => {
    expect(checkAnswer(answer({ language: given }), mail, ['billing']).language).toBe(language);
  });
});
