import { encodeKey } from '../bson/key.js';
import type { Document } from '../bson/values.js';
import { MongoError } from '../errors.js';
import type { CollectionInfo, IndexInfo, TextOptions } from './catalog-types.js';
import type { FilterConditions } from './conditions.js';
import { afterPrefix, boundPrefix, ownedKey } from './keys.js';
import type { Plan } from './plan.js';
import { languageOf, termsOf, weightedTexts } from './text-terms.js';

/** A parsed `$search`: any term, all phrases, none of the negated ones. */
export interface TextSearch {
  terms: string[];
  phrases: string[];
  negated: string[];
  negatedPhrases: string[];
}

/** @throws MongoError 27 when the collection has no text index */
export function textIndexOf(info: CollectionInfo): IndexInfo {
  const index = info.indexes.find((candidate) => candidate.text && !candidate.building);
  if (!index) throw new MongoError(27, 'text index required for $text query');
  return index;
}

/** Candidates of a `$text`: the documents under any of its terms in the inverted index. */
export function planText(info: CollectionInfo, conditions: FilterConditions): Plan {
  const index = textIndexOf(info);
  const search = parseSearch(conditions.text as Document, index.text as TextOptions);
  const before = index.fields.slice(
    0,
    index.fields.findIndex(([, kind]) => kind === 'text'),
  );
  const prefix = before.map(([path]) => {
    const points = conditions.paths.get(path)?.find((condition) => condition.kind === 'points');
    if (points?.kind !== 'points' || points.values.length !== 1) {
      throw new MongoError(2, `text index with a prefix needs an equality on '${path}'`);
    }
    return points.values[0];
  });
  const directions = [...before.map(([, kind]): 1 | -1 => (kind === -1 ? -1 : 1)), 1 as const];
  const ranges = [...new Set(search.terms)].sort().map((term) => {
    const start = ownedKey(index.id, boundPrefix(encodeKey([...prefix, term], directions)));
    return { start, end: afterPrefix(start) };
  });
  if (ranges.length === 0) return { kind: 'EOF', sorted: true };
  const bounds = { _fts: search.terms.map((term) => `["${term}", "${term}"]`) };
  return { kind: 'IXSCAN', info, index, ranges, reverse: false, sorted: false, repeats: true, bounds };
}

/** @throws MongoError 14, 2 for options MongoDB refuses */
export function parseSearch(query: Document, options: TextOptions): TextSearch {
  const { $search: search, $language: language } = query;
  if (typeof search !== 'string') throw new MongoError(14, '"$search" had the wrong type. Expected string');
  const spoken = typeof language === 'string' ? language : options.defaultLanguage;
  const result: TextSearch = { terms: [], phrases: [], negated: [], negatedPhrases: [] };
  for (const [, minus, phrase, word] of search.matchAll(/(-?)(?:"([^"]*)"?|([^\s"]+))/g)) {
    if (phrase !== undefined) {
      (minus ? result.negatedPhrases : result.phrases).push(plain(phrase));
      if (!minus) result.terms.push(...termsOf(phrase, spoken));
    } else if (word !== undefined) {
      (minus ? result.negated : result.terms).push(...termsOf(word, spoken));
    }
  }
  return result;
}

const plain = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** Test of a document by a search; the planner found it by one of the terms. */
export function compileTextTest(info: CollectionInfo, query: Document): (doc: Document) => boolean {
  const options = textIndexOf(info).text as TextOptions;
  const search = parseSearch(query, options);
  return (doc) => {
    const own = new Set<string>();
    const texts: string[] = [];
    const language = languageOf(doc, options);
    for (const { text } of weightedTexts(doc, options)) {
      texts.push(plain(text));
      for (const term of termsOf(text, language)) own.add(term);
    }
    return (
      search.terms.some((term) => own.has(term)) &&
      !search.negated.some((term) => own.has(term)) &&
      search.phrases.every((phrase) => texts.some((text) => text.includes(phrase))) &&
      !search.negatedPhrases.some((phrase) => texts.some((text) => text.includes(phrase)))
    );
  };
}

/**
 * The score of a document, after MongoDB's formula (fts_spec.cpp): per field and term, each further occurrence counts
 * half of the one before, divided by the length of the text, times the field's weight.
 */
export function textScore(info: CollectionInfo, query: Document, doc: Document): number {
  const options = textIndexOf(info).text as TextOptions;
  const wanted = new Set(parseSearch(query, options).terms);
  const language = languageOf(doc, options);
  let score = 0;
  for (const { text, weight } of weightedTexts(doc, options)) {
    const terms = termsOf(text, language);
    const frequency = new Map<string, number>();
    for (const term of terms) if (wanted.has(term)) frequency.set(term, (frequency.get(term) ?? 0) + 1);
    for (const count of frequency.values()) {
      const occurrences = 2 - 2 ** (1 - count); // 1 + 1/2 + 1/4 + ...
      const coefficient = 0.5 * (1 / terms.length) + 0.5;
      score += weight * occurrences * coefficient;
    }
  }
  return score;
}
