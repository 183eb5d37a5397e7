import type { MailHeader } from '../parsed-mail.types.js';

/** Headers of one mail by name; values in lower case, comments removed where asked. */
export class HeaderValues {
  private readonly byName = new Map<string, string[]>();

  constructor(headers: readonly MailHeader[]) {
    for (const [name, value] of headers) {
      const values = this.byName.get(name);
      if (values) values.push(value);
      else this.byName.set(name, [value]);
    }
  }

  has(name: string): boolean {
    return this.byName.has(name);
  }

  /** Every occurrence: a second one may be the telling one. */
  all(name: string): readonly string[] {
    return this.byName.get(name) ?? [];
  }

  /** Every occurrence without comments (RFC 5322 section 3.2.2), in lower case. */
  plain(name: string): string[] {
    return this.all(name).map((value) => withoutComments(value).trim().toLowerCase());
  }

  /** The first of `names` that is present. */
  firstOf(names: readonly string[]): string | null {
    return names.find((name) => this.has(name)) ?? null;
  }
}

/** Drops comments, which nest, and leaves quoted strings and escaped characters alone. Linear. */
export function withoutComments(value: string): string {
  let depth = 0;
  let isQuoted = false;
  let out = '';
  for (let i = 0; i < value.length; i++) {
    const char = value[i]!;
    if (char === '\\') {
      if (depth === 0) out += char + (value[i + 1] ?? '');
      i++;
    } else if (char === '"' && depth === 0) {
      isQuoted = !isQuoted;
      out += char;
    } else if (!isQuoted && char === '(') {
      depth++;
    } else if (!isQuoted && char === ')' && depth > 0) {
      // A comment counts as white space.
      if (--depth === 0) out += ' ';
    } else if (depth === 0) {
      out += char;
    }
  }
  return out;
}
