import { Injectable } from '@nestjs/common';
import { StructuredCall } from '../../llm/structured-call.js';
import { greeting, PHRASES, replyLanguage, signOff } from '../phrases.js';
import type { Citation, Draft, DraftRequest, NoAnswer, ReplyEngine } from '../reply.types.js';
import { Canary } from './canary.js';
import { draftReply, type DraftReplyAnswer, type DraftReplyInput } from './draft-reply.prompt.js';

const MAX_HISTORY = 6;
const MAX_PASSAGES = 8;
const MAX_MISSING = 5;
const MAX_MISSING_CHARS = 200;
/** What is left of the mail, and of the passages, when the model says that the text is too long. */
const SHORT_TEXT_CHARS = 4_000;
const SHORT_PASSAGES = 3;

/**
 * Drafts with a model behind an OpenAI-compatible endpoint. The model sees the mail, the thread and the passages, has no tools,
 * and decides nothing but words: recipients, subject and headers come from code, citations are mapped back to passages that
 * were given, and the text is checked by draft-checks.
 */
@Injectable()
export class OpenAiReplyEngine implements ReplyEngine {
  readonly name = 'openai';

  constructor(
    private readonly call: StructuredCall,
    private readonly canary: Canary,
  ) {}

  /** @throws AppError with an LLM_* code; the signal's reason when it aborts */
  async draft(request: DraftRequest): Promise<Draft | NoAnswer> {
    const passages = request.passages.slice(0, MAX_PASSAGES);
    const { value, model, promptVersion } = await this.call.run({
      prompt: draftReply,
      input: this.inputOf(request, passages),
      emailId: request.emailId,
      signal: request.signal,
      shorten: (input) => ({
        ...input,
        history: [],
        text: input.text.slice(0, SHORT_TEXT_CHARS),
        passages: input.passages.slice(0, SHORT_PASSAGES),
      }),
    });
    const missingInformation = value.missing_information
      .slice(0, MAX_MISSING)
      .map((item) => item.replace(/\s+/g, ' ').trim().slice(0, MAX_MISSING_CHARS))
      .filter(Boolean);
    const origin = { engine: 'openai', model, promptVersion } as const;
    const body = tidy(value.reply);
    if (!value.answerable || body === '') {
      const missing = missingInformation.length > 0 ? ` Missing: ${missingInformation.join('; ')}.` : '';
      return { kind: 'no_answer', reason: `The articles that were found do not answer this.${missing}`, ...origin };
    }
    return {
      kind: 'draft',
      text: `${body}\n\n${signOff(replyLanguage(request.language), request.style)}`,
      citations: citationsOf(value, passages),
      missingInformation,
      ...origin,
    };
  }

  private inputOf(request: DraftRequest, passages: DraftRequest['passages']): DraftReplyInput {
    const language = replyLanguage(request.language);
    return {
      subject: request.subject,
      text: request.text,
      history: request.history.slice(-MAX_HISTORY),
      category: request.category,
      language: request.language === language ? PHRASES[language].name : request.language,
      passages: passages.map(({ title, heading, text }, index) => ({ ref: refOf(index), title, heading, text })),
      tone: request.style.tone,
      mailboxName: request.style.mailboxName,
      greeting: greeting(language, request.style, request.customerName),
      instruction: request.instruction ?? '',
      revision: request.revision,
      canary: this.canary.for(request.emailId),
    };
  }
}

const refOf = (index: number): string => `p${index + 1}`;

/** Only passages that the model was given count; an id that it made up is dropped. */
function citationsOf(answer: DraftReplyAnswer, passages: DraftRequest['passages']): Citation[] {
  const byRef = new Map(passages.map((passage, index) => [refOf(index), passage]));
  return answer.claims.flatMap(({ text, passage_ids }) =>
    [...new Set(passage_ids)].flatMap((ref) => {
      const passage = byRef.get(ref);
      return passage ? [{ passageId: passage.id, title: passage.title, claim: text }] : [];
    }),
  );
}

const tidy = (text: string): string =>
  text
    .replace(/\r\n?/g, '\n')
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
