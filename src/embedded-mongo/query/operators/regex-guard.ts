/**
 * Guards the single database thread against patterns that backtrack exponentially (ReDoS). PCRE stops such a match by
 * a counter; JS cannot, so the pattern is judged before it runs. Refused are
 * - a repeated group whose body can match one text in several ways: `(a+)+`, `(a|ab)*`, `(\w+\s?)*`;
 * - more than three neighbouring repetitions that overlap: `.*.*.*.*`;
 * - groups nested deeper than 50, and repeated groups with more than 200 alternatives: too costly to judge.
 * A repetition is accepted if each round must pass something its inner repetitions cannot match: `(\w+\.)+` is fine.
 */
export function findCatastrophe(source: string): string | null {
  const parser = new PatternParser(source);
  const sequence = parser.parseAlternatives();
  if (parser.isTooDeep) return 'groups are nested too deeply';
  return sequence ? judge(sequence) : null; // unbalanced: RegExp itself reports it
}

/** Set of characters an atom can match: the ASCII ones, and whether any other. */
type Chars = readonly boolean[];
const OTHER = 128;

interface Atom {
  chars: Chars | null; // null: matches no character (anchors, look-arounds)
  alternatives: Atom[][] | null; // a group
  min: number;
  max: number;
}

const charsWhere = (accepts: (code: number) => boolean, others: boolean): Chars => [
  ...Array.from({ length: OTHER }, (_, code) => accepts(code)),
  others,
];
const ANY = charsWhere(() => true, true);
const CLASSES: Record<string, Chars> = {
  d: charsWhere((code) => code >= 48 && code <= 57, false),
  w: charsWhere((code) => /\w/.test(String.fromCharCode(code)), false),
  s: charsWhere((code) => /\s/.test(String.fromCharCode(code)), true),
};
const negated = (chars: Chars): Chars => chars.map((has, code) => (code === OTHER ? true : !has));
const overlap = (a: Chars, b: Chars): boolean => a.some((has, code) => has && b[code]);
const union = (sets: readonly Chars[]): Chars => ANY.map((_, code) => sets.some((chars) => chars[code]));

// Case is ignored when judging: with option i "a" and "A" overlap.
const charsOf = (character: string): Chars => {
  const code = character.charCodeAt(0);
  if (code >= OTHER) return charsWhere(() => false, true);
  const variants = [character.toLowerCase(), character.toUpperCase()].map((letter) => letter.charCodeAt(0));
  return charsWhere((candidate) => variants.includes(candidate), false);
};

class PatternParser {
  isTooDeep = false;
  private at = 0;
  private depth = 0;

  constructor(private readonly source: string) {}

  parseAlternatives(): Atom[][] | null {
    const alternatives: Atom[][] = [[]];
    while (this.at < this.source.length && this.source[this.at] !== ')') {
      if (this.source[this.at] === '|') {
        this.at++;
        alternatives.push([]);
        continue;
      }
      const atom = this.parseAtom();
      if (!atom) return null;
      this.parseQuantifier(atom);
      alternatives.at(-1)?.push(atom);
    }
    return alternatives;
  }

  private parseAtom(): Atom | null {
    const character = this.source[this.at++] as string;
    if (character === '(') return this.parseGroup();
    if (character === '[') return this.atom(this.parseClass());
    if (character === '\\') return this.atom(this.parseEscape());
    if (character === '^' || character === '$') return this.atom(null);
    return this.atom(character === '.' ? ANY : charsOf(character));
  }

  private atom(chars: Chars | null): Atom {
    return { chars, alternatives: null, min: 1, max: 1 };
  }

  private parseGroup(): Atom | null {
    const prefix = /^\?(?:[:=!]|<[=!]|<\w+>)/.exec(this.source.slice(this.at, this.at + 64))?.[0] ?? '';
    this.at += prefix.length;
    this.depth++;
    if (this.depth > MAX_GROUP_DEPTH) this.isTooDeep = true;
    const alternatives = this.isTooDeep ? null : this.parseAlternatives();
    this.depth--;
    if (!alternatives || this.source[this.at] !== ')') return null;
    this.at++;
    return { chars: null, alternatives, min: 1, max: 1 };
  }

  private parseEscape(): Chars | null {
    const character = this.source[this.at++] ?? '\\';
    const known = CLASSES[character.toLowerCase()];
    if (known) return character === character.toLowerCase() ? known : negated(known);
    if (character === 'b' || character === 'B') return null;
    if (/[pPuxcki1-9]/.test(character)) {
      const rest = /^(?:\{[^}]*\}|<[^>]*>|[0-9a-fA-F]{2,4})/.exec(this.source.slice(this.at, this.at + 40));
      this.at += rest?.[0].length ?? 0;
      return ANY;
    }
    const control = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v' }[character];
    return charsOf(control ?? character);
  }

  private parseClass(): Chars {
    const sets: Chars[] = [];
    const isNegated = this.source[this.at] === '^';
    if (isNegated) this.at++;
    const start = this.at;
    while (this.at < this.source.length && (this.source[this.at] !== ']' || this.at === start)) {
      sets.push(this.parseClassItem());
    }
    this.at++;
    const chars = union(sets);
    return isNegated ? negated(chars) : chars;
  }

  private parseClassItem(): Chars {
    const from = this.source[this.at++] as string;
    if (from === '\\') return this.parseEscape() ?? ANY;
    const to = this.source[this.at + 1];
    if (this.source[this.at] !== '-' || to === undefined || to === ']' || to === '\\') return charsOf(from);
    this.at += 2;
    const [low, high] = [from.charCodeAt(0), to.charCodeAt(0)];
    return union([
      charsWhere((code) => code >= low && code <= high, high >= OTHER),
      charsWhere((code) => isLetterCaseOf(code, low, high), false),
    ]);
  }

  private parseQuantifier(atom: Atom): void {
    const match = /^(?:([*+?])|\{(\d+)(,(\d*))?\})[?+]?/.exec(this.source.slice(this.at, this.at + 30));
    if (!match) return;
    this.at += match[0].length;
    if (match[1]) {
      atom.min = match[1] === '+' ? 1 : 0;
      atom.max = match[1] === '?' ? 1 : Infinity;
    } else {
      atom.min = Number(match[2]);
      atom.max = match[3] === undefined ? atom.min : match[4] ? Number(match[4]) : Infinity;
    }
  }
}

const isLetterCaseOf = (code: number, low: number, high: number): boolean => {
  const other = code ^ 0x20;
  return /[a-z]/i.test(String.fromCharCode(code)) && other >= low && other <= high;
};

/** Repetition counts above this are treated like endless ones. */
const MANY = 20;
const MAX_NEIGHBOURS = 3;
const MAX_GROUP_DEPTH = 50;
const MAX_ALTERNATIVES = 200;
const repeats = (atom: Atom): boolean => atom.max > MANY;

function judge(alternatives: readonly Atom[][]): string | null {
  for (const sequence of alternatives) {
    let neighbours: Chars[] = [];
    for (const atom of sequence) {
      const inner = atom.alternatives && judge(atom.alternatives);
      if (inner) return inner;
      if (atom.alternatives && repeats(atom) && isAmbiguous(atom.alternatives))
        return 'nested repetition can backtrack without end';
      const chars = charsMatched(atom);
      if (repeats(atom) && neighbours.every((other) => overlap(other, chars))) neighbours.push(chars);
      else if (atom.min > 0 && neighbours.some((other) => !overlap(other, chars)))
        neighbours = repeats(atom) ? [chars] : [];
      if (neighbours.length > MAX_NEIGHBOURS) return 'too many overlapping repetitions';
    }
  }
  return null;
}

/** Everything an atom can match, at any position. */
function charsMatched(atom: Atom): Chars {
  if (!atom.alternatives) return atom.chars ?? charsWhere(() => false, false);
  return union(atom.alternatives.flat().map(charsMatched));
}

function isAmbiguous(alternatives: readonly Atom[][]): boolean {
  if (alternatives.length > MAX_ALTERNATIVES) return true;
  if (alternatives.some(isAmbiguousRound)) return true;
  return alternatives.some((one, i) => alternatives.some((other, j) => i < j && canStartAlike(one, other)));
}

/** A round without a separator: its repetitions could hand characters over to the next round. */
function isAmbiguousRound(sequence: readonly Atom[]): boolean {
  const atoms = sequence.filter((atom) => atom.chars || atom.alternatives);
  const flexible = atoms.filter((atom) => atom.max !== atom.min || containsFlexible(atom));
  if (flexible.length === 0) return false;
  const flexibleChars = union(flexible.map(charsMatched));
  const hasSeparator = atoms.some(
    (atom) => atom.min > 0 && !flexible.includes(atom) && !overlap(charsMatched(atom), flexibleChars),
  );
  return !hasSeparator;
}

const containsFlexible = (atom: Atom): boolean =>
  atom.alternatives?.some((sequence) => sequence.some((inner) => inner.min !== inner.max || containsFlexible(inner))) ??
  false;

/** Whether one alternative could match a beginning of what the other matches. */
function canStartAlike(one: readonly Atom[], other: readonly Atom[]): boolean {
  const length = Math.min(one.length, other.length);
  for (let i = 0; i < length; i++) {
    const [left, right] = [one[i] as Atom, other[i] as Atom];
    if (!overlap(charsMatched(left), charsMatched(right))) return false;
    if (left.min !== left.max || right.min !== right.max) return true;
  }
  return true;
}
