import type { Document } from '../bson/values.js';
import { isDocument } from '../bson/values.js';
import { valuesAtPath } from '../bson/path.js';
import type { TextOptions } from './catalog-types.js';

/** Words so common that MongoDB leaves them out of English text indexes (the frequent part of its list). */
const ENGLISH_STOP_WORDS = new Set(
  (
    'a about above after again against all am an and any are as at be because been before being below between both but ' +
    'by can cannot could did do does doing down during each few for from further had has have having he her here hers ' +
    'herself him himself his how i if in into is it its itself me more most my myself no nor not of off on once only ' +
    'or other ought our ours ourselves out over own same she should so some such than that the their theirs them ' +
    'themselves then there these they this those through to too under until up very was we were what when where which ' +
    'while who whom why with would you your yours yourself yourselves'
  ).split(' '),
);

const WORDS = /[\p{L}\p{N}_']+/gu;
const MAX_TERM = 64;

/** The searchable terms of a text: lower case, without diacritics, stop words and plural or verb endings. */
export function termsOf(text: string, language: string): string[] {
  const plain = text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  const english = language === 'english' || language === 'en';
  const terms: string[] = [];
  for (const [word] of plain.matchAll(WORDS)) {
    const bare = word.replace(/^'+|'s?$|'+$/g, '').slice(0, MAX_TERM);
    if (bare === '' || (english && ENGLISH_STOP_WORDS.has(bare))) continue;
    terms.push(english ? stem(bare) : bare);
  }
  return terms;
}

/**
 * Light English stemming (Harman's S-stemmer plus -ing/-ed): MongoDB uses Snowball; both sides of a search go through
 * the same function here, so what matters is that forms of one word meet.
 */
export function stem(word: string): string {
  if (word.length <= 3) return word;
  let root = word;
  if (/[^aeiou]ies$/.test(root)) root = `${root.slice(0, -3)}y`;
  else if (/(ss|us|is)$/.test(root)) root = word;
  else if (/(x|s|sh|ch|z)es$/.test(root)) root = root.slice(0, -2);
  else if (root.endsWith('s')) root = root.slice(0, -1);
  if (/[aeiouy].*ing$/.test(root) && root.length > 5) root = undouble(root.slice(0, -3));
  else if (/[aeiouy].*ed$/.test(root) && root.length > 4) root = undouble(root.slice(0, -2));
  return root.length > 4 && root.endsWith('e') ? root.slice(0, -1) : root;
}

const undouble = (root: string): string => (/([bdfgmnprt])\1$/.test(root) ? root.slice(0, -1) : root);

/** All strings of a document a text index covers, with their weight. */
export function* weightedTexts(doc: Document, options: TextOptions): Generator<{ text: string; weight: number }> {
  for (const [path, weight] of Object.entries(options.weights)) {
    const values = path === '$**' ? allStrings(doc) : valuesAtPath(doc, path);
    for (const text of values) if (typeof text === 'string') yield { text, weight };
  }
}

function* allStrings(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (Array.isArray(value)) for (const item of value) yield* allStrings(item);
  else if (isDocument(value)) for (const item of Object.values(value)) yield* allStrings(item);
}

export function languageOf(doc: Document, options: TextOptions): string {
  const override = doc[options.languageOverride];
  return typeof override === 'string' ? override : options.defaultLanguage;
}

/** The distinct terms of a document. */
export function textTerms(doc: Document, options: TextOptions): Set<string> {
  const language = languageOf(doc, options);
  const terms = new Set<string>();
  for (const { text } of weightedTexts(doc, options)) for (const term of termsOf(text, language)) terms.add(term);
  return terms;
}
