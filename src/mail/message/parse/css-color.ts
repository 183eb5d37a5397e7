const NAMED: ReadonlyMap<string, string> = new Map([
  ['white', 'ffffff'],
  ['black', '000000'],
  ['snow', 'fffafa'],
  ['ivory', 'fffff0'],
]);
/** Differs by less than a person can read, of 255. */
const READABLE_DIFFERENCE = 8;

/** A CSS or HTML colour without white space as six hex digits; null when it cannot be told. */
export function cssColor(value: string): string | null {
  const named = NAMED.get(value);
  if (named) return named;
  const hex = /^#?([0-9a-f]{6}|[0-9a-f]{3})$/.exec(value)?.[1];
  if (hex) return hex.length === 6 ? hex : hex.replace(/./g, '$&$&');
  const rgb = /^rgba?\((\d{1,3}),(\d{1,3}),(\d{1,3})/.exec(value)?.slice(1, 4);
  const digits = rgb?.map((part) => Math.min(255, Number(part)).toString(16).padStart(2, '0'));
  return digits?.join('') ?? null;
}

export const isTransparent = (value: string): boolean =>
  value === 'transparent' || /^rgba\([\d,]+,0?(?:\.0*)?\)$/.test(value);

export function isUnreadable(text: string, background: string): boolean {
  const channel = (color: string, i: number): number => parseInt(color.slice(i, i + 2), 16);
  return [0, 2, 4].every((i) => Math.abs(channel(text, i) - channel(background, i)) <= READABLE_DIFFERENCE);
}
