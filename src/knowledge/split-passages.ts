import { wordsOf } from './tokenizer.js';

/** A piece of an article before it is stored. */
export interface PassageText {
  /** Headings that lead to it, joined by " > "; may be empty. */
  heading: string;
  text: string;
}

/** Long enough to hold an answer with its conditions, short enough to be quoted. */
export const MAX_PASSAGE_WORDS = 120;
const HEADING = /^(#{1,6})\s+(.+?)\s*#*$/;
const SENTENCES = new Intl.Segmenter(undefined, { granularity: 'sentence' });

const lengthOf = (text: string): number => wordsOf(text).length;

/**
 * Splits an article (Markdown or plain text) at headings and paragraphs into passages of at most 120 words, as plain text.
 * Short paragraphs under one heading stay together; a longer one is cut between sentences.
 */
export function splitPassages(body: string): PassageText[] {
  const passages: PassageText[] = [];
  const path: string[] = [];
  let open: string[] = [];
  const flush = (): void => {
    const text = open.join('\n\n').trim();
    if (text) passages.push({ heading: path.filter(Boolean).join(' > '), text });
    open = [];
  };
  for (const block of blocksOf(body)) {
    const heading = HEADING.exec(block);
    if (heading) {
      flush();
      const level = heading[1]!.length;
      path.length = level;
      path[level - 1] = plainText(heading[2]!);
      continue;
    }
    for (const piece of cut(plainText(block))) {
      if (lengthOf(open.join(' ')) + lengthOf(piece) > MAX_PASSAGE_WORDS) flush();
      open.push(piece);
    }
  }
  flush();
  return passages;
}

/** Paragraphs, and headings as blocks of their own. */
function blocksOf(body: string): string[] {
  return body
    .replace(/\r\n?/g, '\n')
    .replace(/^(#{1,6}\s.*)$/gm, '\n\n$1\n\n')
    .split(/\n\s*\n/)
    .map((block) => block.trim())
    .filter(Boolean);
}

/** A paragraph in pieces that fit; a sentence that does not fit alone stays whole. */
function cut(paragraph: string): string[] {
  if (lengthOf(paragraph) <= MAX_PASSAGE_WORDS) return [paragraph];
  const pieces: string[] = [''];
  for (const { segment } of SENTENCES.segment(paragraph)) {
    if (pieces.at(-1) !== '' && lengthOf(pieces.at(-1)! + segment) > MAX_PASSAGE_WORDS) pieces.push('');
    pieces[pieces.length - 1] += segment;
  }
  return pieces.map((piece) => piece.trim()).filter(Boolean);
}

/** Markdown marks away, words and link targets kept: a passage is quoted in a plain-text mail. */
export function plainText(markdown: string): string {
  return markdown
    .replace(/!\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\[([^\]]+)\]\(([^)\s]+)[^)]*\)/g, (_, label: string, target: string) =>
      label === target ? target : `${label} (${target})`,
    )
    .replace(/^```.*$/gm, '')
    .replace(/^>\s?/gm, '')
    .replace(/^(\s*)[*+]\s+/gm, '$1- ')
    .replace(/(\*\*|__)(?=\S)(.+?)(?<=\S)\1/g, '$2')
    .replace(/(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])/g, '$1')
    .replace(/`([^`\n]+)`/g, '$1')
    .trim();
}
