import { z } from 'zod';
import { type Answer, MAX_ANSWER_CHARS, readAnswer, readCompletion } from './completion.js';

const PRICES = { input: 0.1, output: 0.5 };
const body = (message: object, extra: object = {}): string =>
  JSON.stringify({ choices: [{ message, finish_reason: 'stop' }], ...extra });

describe('readCompletion', () => {
  it('reads text, tokens and cost', () => {
    const usage = { prompt_tokens: 3_600, completion_tokens: 550, prompt_tokens_details: { cached_tokens: 1_500 } };
    expect(readCompletion(body({ content: '{}' }, { usage }), 0, PRICES)).toEqual({
      answer: { content: '{}', finishReason: 'stop', refusal: null },
      usage: {
        inputTokens: 3_600,
        outputTokens: 550,
        cachedTokens: 1_500,
        costUsd: expect.closeTo(0.000635, 9) as number,
        estimated: false,
      },
    });
  });

  it('estimates the tokens of a server that sends none', () => {
    const { usage } = readCompletion(body({ content: 'x'.repeat(40) }), 401, PRICES);
    expect(usage).toMatchObject({ inputTokens: 101, outputTokens: 10, estimated: true });
  });

  it('keeps a refusal', () => {
    const { answer } = readCompletion(body({ content: null, refusal: 'no' }), 0, PRICES);
    expect(answer).toEqual({ content: '', finishReason: 'stop', refusal: 'no' });
  });

  it.each(['<html>login</html>', '', '{"choices":[]}', '{"choices":[{}]}', 'null'])(
    'takes %p as unreadable',
    (text) => {
      expect(readCompletion(text, 0, PRICES).answer).toMatchObject({ finishReason: 'unreadable', refusal: null });
    },
  );

  it('cuts what is too long and says so', () => {
    const { answer } = readCompletion(body({ content: 'x'.repeat(MAX_ANSWER_CHARS + 1) }), 0, PRICES);
    expect(answer.finishReason).toBe('length');
    expect(answer.content).toHaveLength(MAX_ANSWER_CHARS);
  });

  it('survives usage of the wrong shape', () => {
    const { usage } = readCompletion(body({ content: '{}' }, { usage: { prompt_tokens: 'many' } }), 8, PRICES);
    expect(usage).toMatchObject({ inputTokens: 0, outputTokens: 0 });
  });
});

describe('readAnswer', () => {
  const schema = z.object({ category: z.enum(['billing', 'other']) });
  const answer = (content: string, finishReason = 'stop'): Answer => ({ content, finishReason, refusal: null });

  it.each([
    ['{"category":"billing"}'],
    ['```json\n{"category":"billing"}\n```'],
    ['<think>It mentions {an invoice}.</think>\n{"category":"billing"}'],
  ])('reads %p', (content) => {
    expect(readAnswer(answer(content), schema)).toEqual({ ok: true, value: { category: 'billing' } });
  });

  it.each([
    ['Sure! {"category":"billing"}', /not valid JSON/],
    ['{"category":"billing"', /not valid JSON/],
    ['{"category":"refunds"}', /category/],
    ['{}', /category/],
    ['[]', /expected object/],
  ])('refuses %p', (content, problem) => {
    expect(readAnswer(answer(content), schema)).toEqual({
      ok: false,
      problem: expect.stringMatching(problem) as string,
    });
  });

  it('refuses an answer that was cut, even where it happens to parse', () => {
    expect(readAnswer(answer('{"category":"billing"}', 'length'), schema)).toMatchObject({ ok: false });
  });
});
