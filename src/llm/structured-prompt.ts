import type { ChatPromptTemplate } from '@langchain/core/prompts';
import type { z } from 'zod';
import type { UntrustedContent } from './untrusted-content.js';

/**
 * One prompt with its whole contract on one screen: what goes in, the template, what must come out. A `*.prompt.ts` file
 * exports one such object.
 *
 * Schema rules (strict structured output of OpenAI-compatible servers): every key required, `nullable()` instead of
 * `optional()`, reasons before verdicts, no reliance on lengths. Mail text enters only as a template value, wrapped by
 * `untrusted.wrap()`; braces inside values are safe.
 */
export interface StructuredPrompt<I, T> {
  /** Kebab-case name, e.g. `draft-reply`. */
  readonly id: string;
  /** Goes up with each change of the template or schema: stored with every answer and part of the ledger key. */
  readonly version: string;
  /** Step of the workflow that pays for it; label of metrics and ledger, e.g. `classify`. */
  readonly operation: string;
  readonly template: ChatPromptTemplate;
  /** What must come out: fixed, or built from the input (e.g. an enum of the configured categories). */
  readonly schema: z.ZodType<T> | ((input: I) => z.ZodType<T>);
  /** Values of the template; `untrusted` wraps what was written by somebody outside. */
  variables(input: I, untrusted: UntrustedContent): Record<string, string>;
}

/** `draft-reply@3`: how a prompt is named in stored answers. */
export const promptVersionOf = (prompt: { id: string; version: string }): string => `${prompt.id}@${prompt.version}`;

export function schemaOf<I, T>(prompt: StructuredPrompt<I, T>, input: I): z.ZodType<T> {
  return typeof prompt.schema === 'function' ? prompt.schema(input) : prompt.schema;
}
