import { z } from 'zod';

/** Tokens and money of one call. */
export interface Usage {
  inputTokens: number;
  outputTokens: number;
  /** Part of inputTokens that the provider had cached. */
  cachedTokens: number;
  /** By LLM_PRICE_INPUT and LLM_PRICE_OUTPUT. */
  costUsd: number;
  /** The server sent no usage: counted as four characters a token. */
  estimated: boolean;
}

/** What a model said, before anybody believes it; stored in the ledger. */
export interface Answer {
  content: string;
  /** `stop`, `length`, ... as the server says; `unreadable` when the body was no chat completion. */
  finishReason: string;
  /** The model's refusal; null when it did not refuse. */
  refusal: string | null;
}

/** Characters of an answer that are kept: a draft is far shorter, anything longer is bad output. */
export const MAX_ANSWER_CHARS = 64_000;
const CHARS_PER_TOKEN = 4;

const tokens = z.number().int().nonnegative().catch(0);
const completionSchema = z.object({
  choices: z
    .array(
      z.object({
        message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
        finish_reason: z.string().nullish(),
      }),
    )
    .min(1),
  usage: z
    .object({
      prompt_tokens: tokens,
      completion_tokens: tokens,
      prompt_tokens_details: z.object({ cached_tokens: tokens }).nullish().catch(null),
    })
    .nullish()
    .catch(null),
});

export interface Prices {
  /** US dollars a million tokens. */
  input: number;
  output: number;
}

const cost = (input: number, output: number, prices: Prices): number =>
  (input * prices.input + output * prices.output) / 1_000_000;

/**
 * Reads the body of a chat completion (POST /chat/completions of the OpenAI API) by itself, because the client libraries
 * throw the token usage away when the text inside is not what was asked for.
 */
export function readCompletion(body: string, promptChars: number, prices: Prices): { answer: Answer; usage: Usage } {
  const parsed = completionSchema.safeParse(parseJson(body));
  const choice = parsed.data?.choices[0];
  const content = choice ? (choice.message.content ?? '') : body;
  const reported = parsed.data?.usage;
  const inputTokens = reported?.prompt_tokens ?? Math.ceil(promptChars / CHARS_PER_TOKEN);
  const outputTokens = reported?.completion_tokens ?? Math.ceil(content.length / CHARS_PER_TOKEN);
  return {
    answer: {
      content: content.slice(0, MAX_ANSWER_CHARS),
      finishReason: choice
        ? content.length > MAX_ANSWER_CHARS
          ? 'length'
          : (choice.finish_reason ?? 'stop')
        : 'unreadable',
      refusal: choice?.message.refusal || null,
    },
    usage: {
      inputTokens,
      outputTokens,
      cachedTokens: reported?.prompt_tokens_details?.cached_tokens ?? 0,
      costUsd: cost(inputTokens, outputTokens, prices),
      estimated: !reported,
    },
  };
}

/** The value in an answer, or what is wrong with it in words that the model can act on. */
export type ReadAnswer<T> = { ok: true; value: T } | { ok: false; problem: string };

/** Local models like to think aloud or to fence their JSON even when told not to. */
const THINKING = /^\s*<think>[\s\S]*?<\/think>/;
const FENCE = /^```(?:json)?\s*([\s\S]*?)\s*```$/;
const MAX_PROBLEM_CHARS = 600;

/** Parses and checks an answer against the schema: nothing else of it is believed. */
export function readAnswer<T>(answer: Answer, schema: z.ZodType<T>): ReadAnswer<T> {
  if (answer.finishReason === 'length') return { ok: false, problem: 'The answer was cut off: it must be shorter.' };
  const text = answer.content.replace(THINKING, '').trim();
  const json = parseJson(FENCE.exec(text)?.[1] ?? text);
  if (json === undefined) return { ok: false, problem: 'The answer is not valid JSON.' };
  const result = schema.safeParse(json);
  if (result.success) return { ok: true, value: result.data };
  return { ok: false, problem: z.prettifyError(result.error).slice(0, MAX_PROBLEM_CHARS) };
}

/** undefined when the text is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
