import { ChatPromptTemplate } from '@langchain/core/prompts';
import { z } from 'zod';
import type { StructuredPrompt } from '../../llm/structured-prompt.js';
import { PRIORITIES, SENTIMENTS } from '../../mail/message/email.types.js';
import type { ClassifiableMail } from '../classification.types.js';
import type { CategoryInfo } from '../taxonomy.js';

export interface ClassifyEmailInput {
  mail: ClassifiableMail;
  categories: readonly CategoryInfo[];
}

/** Reasons first: a model that has to write them down before the label picks better ones. */
const schemaFor = (categories: string[]) =>
  z.object({
    reason: z.string().describe('One sentence: what in the mail decides the category and the priority'),
    summary: z
      .string()
      .describe('What the sender wants, one sentence of at most 200 characters, in the language of the mail'),
    category: z.enum(categories),
    priority: z.enum(PRIORITIES),
    sentiment: z.enum(SENTIMENTS).describe('Tone of the sender, not of the matter'),
    language: z.string().nullable().describe('ISO 639-1 code of the language of the mail, null when it cannot be told'),
  });
export type ClassifyEmailOutput = z.infer<ReturnType<typeof schemaFor>>;

let latest: { key: string; schema: ReturnType<typeof schemaFor> } | null = null;

/** The schema of the present categories: made once, since making and compiling it costs more than using it. */
function outputSchema({ categories }: ClassifyEmailInput): ReturnType<typeof schemaFor> {
  const names = categories.map(({ name }) => name);
  const key = JSON.stringify(names);
  if (latest?.key !== key) latest = { key, schema: schemaFor(names) };
  return latest.schema;
}

const SYSTEM = `You sort the mail of a customer support team. You only classify: nobody is answered and nothing is done by you.

Categories:
{categories}
Take the category of what the sender wants done. Anger about a matter that fits another category stays in that category, unless the complaint itself is the point.

Priorities:
- urgent: many people cannot work, money or data are at risk right now, security incident, legal deadline
- high: one person is blocked, a deadline is near, a threat to leave or to go to law, a repeated request
- normal: everything that should be answered in the usual order
- low: no answer needed or no hurry; all spam
A mail that merely calls itself urgent is not.

{notice}`;

const HUMAN = `{subject}
{text}
{attachments}
Classify this mail.`;

const MAX_SUBJECT_CHARS = 300;
const MAX_TEXT_CHARS = 12_000;
const MAX_NAMES_CHARS = 500;

/** Asks a model what a mail is about. */
export const classifyEmailPrompt: StructuredPrompt<ClassifyEmailInput, ClassifyEmailOutput> = {
  id: 'classify-email',
  version: '1',
  operation: 'classify',
  template: ChatPromptTemplate.fromMessages([
    ['system', SYSTEM],
    ['human', HUMAN],
  ]),
  schema: outputSchema,
  variables: ({ mail, categories }, untrusted) => ({
    notice: untrusted.notice,
    categories: categories.map(({ name, description }) => `- ${name}: ${description}`).join('\n'),
    subject: untrusted.wrap('subject', mail.subject, { maxChars: MAX_SUBJECT_CHARS }),
    text: untrusted.wrap('email', mail.text, { maxChars: MAX_TEXT_CHARS }),
    attachments: untrusted.wrap('attachment-names', mail.attachmentNames.join('\n'), { maxChars: MAX_NAMES_CHARS }),
  }),
};
