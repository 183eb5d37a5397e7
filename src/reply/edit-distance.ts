/** How far a sent text is from its draft. */
export interface EditStats {
  /** Levenshtein distance divided by the length of the longer text: 0 unchanged, 1 nothing in common. */
  distance: number;
  /** What was counted: characters, or words where the texts are long. */
  unit: 'character' | 'word';
  wordsAdded: number;
  wordsRemoved: number;
}

/** Cells of a table that are computed at most: about 20 ms. */
const MAX_CELLS = 4_000_000;
const MAX_WORDS = Math.sqrt(MAX_CELLS);

/**
 * Compares a draft with what was sent, without regard to trailing blanks and kinds of newline. The cost is bounded: equal
 * beginnings and ends are taken off first, then characters are compared, and words where those are too many (of the words
 * that differ, the first 2,000 on each side).
 */
export function editStats(draft: string, sent: string): EditStats {
  const [a, b] = [tidy(draft), tidy(sent)];
  const words = differing(wordsOf(a), wordsOf(b));
  const kept = longestCommonSubsequence(words.a.slice(0, MAX_WORDS), words.b.slice(0, MAX_WORDS));
  const counts = { wordsAdded: words.b.length - kept, wordsRemoved: words.a.length - kept };

  const characters = differing([...a], [...b]);
  if (characters.a.length * characters.b.length <= MAX_CELLS) {
    const distance = levenshtein(characters.a, characters.b) / Math.max(characters.longer, 1);
    return { distance, unit: 'character', ...counts };
  }
  const distance = levenshtein(words.a.slice(0, MAX_WORDS), words.b.slice(0, MAX_WORDS)) / words.longer;
  return { distance, unit: 'word', ...counts };
}

const tidy = (text: string): string =>
  text
    .normalize('NFC')
    .replace(/\r\n?/g, '\n')
    .replace(/[ \t]+$/gm, '')
    .trim();

const wordsOf = (text: string): string[] => text.split(/\s+/).filter(Boolean);

/** The middles of two sequences, equal beginnings and ends taken off; `longer` is the length of the longer whole. */
function differing(a: string[], b: string[]): { a: string[]; b: string[]; longer: number } {
  const shorter = Math.min(a.length, b.length);
  let start = 0;
  while (start < shorter && a[start] === b[start]) start++;
  let end = 0;
  while (end < shorter - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  return {
    a: a.slice(start, a.length - end),
    b: b.slice(start, b.length - end),
    longer: Math.max(a.length, b.length),
  };
}

/** Insertions, deletions and replacements that turn one sequence into the other (Wagner and Fischer, two rows). */
function levenshtein(a: string[], b: string[]): number {
  let row = Uint32Array.from({ length: b.length + 1 }, (_, index) => index);
  let next = new Uint32Array(b.length + 1);
  for (const [i, item] of a.entries()) {
    next[0] = i + 1;
    for (let j = 0; j < b.length; j++) {
      const replace = row[j]! + (item === b[j] ? 0 : 1);
      const skip = (row[j + 1]! < next[j]! ? row[j + 1]! : next[j]!) + 1;
      next[j + 1] = replace < skip ? replace : skip;
    }
    [row, next] = [next, row];
  }
  return row[b.length]!;
}

/** Items that both sequences have in the same order. */
function longestCommonSubsequence(a: string[], b: string[]): number {
  let row = new Uint32Array(b.length + 1);
  let next = new Uint32Array(b.length + 1);
  for (const item of a) {
    for (let j = 0; j < b.length; j++) {
      const without = row[j + 1]! > next[j]! ? row[j + 1]! : next[j]!;
      next[j + 1] = item === b[j] ? row[j]! + 1 : without;
    }
    [row, next] = [next, row];
  }
  return row[b.length]!;
}
