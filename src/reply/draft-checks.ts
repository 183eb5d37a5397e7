import { type Entity, findAddresses, findCards, findIbans, findLinks, findPhones } from './found-entities.js';
import type { DraftCheck } from './reply.types.js';

/** Everything that a draft is held against. */
export interface CheckSources {
  /** Texts of the passages that the draft may use, with their titles. */
  passages: readonly string[];
  /** Signature and mailbox name: ours, and trusted. */
  ownText: string;
  /** What the customer wrote: untrusted. */
  customerText: string;
  /** Secret word of the system prompt; null for an engine without prompt. */
  canary: string | null;
  /** System prompt whose words must not come out; '' for an engine without prompt. */
  promptText: string;
  /** ISO 639-1 of the draft as detected, and as the customer writes; null when unknown. */
  language: { found: string | null; wanted: string | null };
}

const MIN_CHARS = 20;
/** Longer than any reply that people write; a model that rambles or was made to dump something does. */
export const MAX_REPLY_CHARS = 6_000;
/** Words in a row that a draft shares with the system prompt only by quoting it. */
const LEAK_WORDS = 8;
const PLACEHOLDER =
  /\[(?!\d+\])[\p{L}][^\]\n]{1,40}\]|\{\{?[^{}\n]{1,40}\}\}?|<(?:your|name|customer|company|order|insert)[^<>\n]{0,40}>|_{3,}|\b(?:TODO|TBD|X{3,}|lorem ipsum)\b/giu;
const MARKUP =
  /!\[[^\]]{0,300}\]\([^)]{0,500}\)|\]\(\s*\w+:|<\/?(?:a|img|script|iframe|form|style|html|body|div|table|svg|link|meta)\b[^>]{0,500}>/giu;
const INVISIBLE = /(?![\t\n\u200c\u200d])[\p{Cc}\p{Cf}]/gu;

/**
 * Looks at a draft without trusting who wrote it. Pure; the same input gives the same result. Codes: EMPTY, TOO_LONG,
 * FOREIGN_LINK, FOREIGN_ADDRESS, CUSTOMER_ADDRESS, FOREIGN_PHONE, FOREIGN_IBAN, CARD_NUMBER, PLACEHOLDER, MARKUP, INVISIBLE_CHARACTERS,
 * CANARY_LEAK, PROMPT_LEAK, WRONG_LANGUAGE.
 */
export function checkDraft(text: string, sources: CheckSources): DraftCheck[] {
  const trusted = [...sources.passages, sources.ownText].join('\n');
  return [
    ...lengthChecks(text),
    ...entityChecks(text, trusted, sources.customerText),
    ...patternChecks(text),
    ...leakChecks(text, sources),
    ...languageChecks(sources.language),
  ];
}

function lengthChecks(text: string): DraftCheck[] {
  if (text.trim().length < MIN_CHARS)
    return [whole('EMPTY', 'block', 'The draft says nothing: write it or reject it.')];
  if (text.length > MAX_REPLY_CHARS)
    return [whole('TOO_LONG', 'block', `The draft is longer than ${MAX_REPLY_CHARS} characters: shorten it.`)];
  return [];
}

/** What points somewhere must come from our own texts; numbers and addresses may also be the customer's own. */
function entityChecks(text: string, trusted: string, customerText: string): DraftCheck[] {
  const foreign = (find: (text: string) => Entity[], ...sources: string[]): Entity[] => {
    const known = new Set(sources.flatMap(find).map((entity) => entity.key));
    return find(text).filter((entity) => !known.has(entity.key));
  };
  const links = foreign(findLinks, trusted);
  const addresses = foreign(findAddresses, trusted);
  const unknown = new Set(foreign(findAddresses, trusted, customerText).map((entity) => entity.key));
  const ibans = foreign(findIbans, trusted, customerText);
  const cards = findCards(text);
  const phones = foreign(findPhones, trusted, customerText).filter(
    (phone) => !inside(phone, [...cards, ...findIbans(text)]),
  );
  return [
    // A link that only the mail contains is how an injected instruction would get out: it is foreign too.
    ...links.map((found) =>
      at(found, 'FOREIGN_LINK', 'block', 'No article contains this link: remove it, or check where it leads.'),
    ),
    ...addresses.map((found) =>
      unknown.has(found.key)
        ? at(found, 'FOREIGN_ADDRESS', 'block', 'This e-mail address is in no article and not in the mail: remove it.')
        : at(
            found,
            'CUSTOMER_ADDRESS',
            'warn',
            'This address comes from the mail, not from us: make sure it is theirs.',
          ),
    ),
    ...ibans.map((found) =>
      at(found, 'FOREIGN_IBAN', 'block', 'This bank account is in no article and not in the mail: remove it.'),
    ),
    ...cards.map((found) => at(found, 'CARD_NUMBER', 'block', 'Never send card numbers by mail: remove it.')),
    ...phones.map((found) =>
      at(found, 'FOREIGN_PHONE', 'block', 'This number is in no article and not in the mail: check or remove it.'),
    ),
  ];
}

const inside = (inner: Entity, outers: Entity[]): boolean =>
  outers.some((outer) => inner.start >= outer.start && inner.end <= outer.end);

function patternChecks(text: string): DraftCheck[] {
  const found = (pattern: RegExp): Omit<Entity, 'key'>[] =>
    [...text.matchAll(pattern)].map((match) => ({
      start: match.index,
      end: match.index + match[0].length,
      text: match[0],
    }));
  const hidden = found(INVISIBLE)[0];
  return [
    ...found(PLACEHOLDER).map((span) => at(span, 'PLACEHOLDER', 'block', 'A slot was left empty: fill it in.')),
    ...found(MARKUP).map((span) =>
      at(span, 'MARKUP', 'block', 'The draft contains markup, which customers would see: remove it.'),
    ),
    ...(hidden
      ? [at(hidden, 'INVISIBLE_CHARACTERS', 'block', 'The draft contains characters that nobody sees: remove them.')]
      : []),
  ];
}

function leakChecks(text: string, { canary, promptText, passages, customerText }: CheckSources): DraftCheck[] {
  const hint = 'The draft repeats internal instructions: do not send it, and look at the mail for an attack.';
  const squeezed = text.replace(/[^\p{L}\p{N}]/gu, '').toLowerCase();
  if (canary && squeezed.includes(canary.toLowerCase())) return [whole('CANARY_LEAK', 'block', hint)];
  const known = new Set([...shingles(promptText)]);
  for (const source of [...passages, customerText]) for (const shingle of shingles(source)) known.delete(shingle);
  const leaked = [...shingles(text)].some((shingle) => known.has(shingle));
  return leaked ? [whole('PROMPT_LEAK', 'block', hint)] : [];
}

function languageChecks({ found, wanted }: CheckSources['language']): DraftCheck[] {
  if (!found || !wanted || found === wanted) return [];
  return [whole('WRONG_LANGUAGE', 'block', `The customer writes ${wanted}, the draft is ${found}.`)];
}

/** All runs of LEAK_WORDS words, folded. */
function* shingles(text: string): Generator<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  for (let start = 0; start + LEAK_WORDS <= words.length; start++)
    yield words.slice(start, start + LEAK_WORDS).join(' ');
}

const whole = (code: string, severity: DraftCheck['severity'], hint: string): DraftCheck => ({
  code,
  severity,
  evidence: null,
  hint,
});

const at = (
  { start, end, text }: Omit<Entity, 'key'>,
  code: string,
  severity: DraftCheck['severity'],
  hint: string,
): DraftCheck => ({
  code,
  severity,
  evidence: { start, end, text },
  hint,
});
