/**
 * Tells which parts of an HTML mail a person would not see. What nobody sees must not reach a model: it is where prompt
 * injections hide. Style sheets are followed for plain class and id rules only.
 */
interface Appearance {
  /** null: unknown, treated as visible. */
  color: string | null;
  background: string | null;
  isTiny: boolean;
  isInvisible: boolean;
}

type Attributes = Record<string, string>;

const MAX_STYLE_SHEET = 64 * 1024;
const NAMED_COLORS: Record<string, string> = { white: 'ffffff', black: '000000', snow: 'fffafa', ivory: 'fffff0' };
const HIDING = [
  /^display:none/,
  /^mso-hide:all/,
  /^opacity:(?:0|0?\.0\d*)$/,
  /^text-indent:-\d{3,}/,
  /^(?:left|top|margin-left):-\d{3,}/,
  /^clip:rect\([01]/,
];
/** Hides only together with overflow:hidden: otherwise the content flows out of the box and is seen. */
const ZERO_BOX = /^(?:max-)?(?:height|width):0(?:px|pt|em|%)?$/;

/** Follows the elements of one mail from open tag to close tag. */
export class HiddenText {
  private readonly stack: Appearance[] = [{ color: '000000', background: 'ffffff', isTiny: false, isInvisible: false }];
  /** Something was hidden. */
  found = false;

  constructor(private readonly hiddenSelectors: ReadonlySet<string> = new Set()) {}

  open(attributes: Attributes): void {
    const style = normalizedStyle(attributes.style);
    const above = this.stack.at(-1)!;
    this.stack.push({
      color: colorOf(valueOf(style, 'color') ?? attributes.color, above.color),
      background: backgroundOf(style, attributes, above.background),
      isTiny: tinyOf(style, above.isTiny),
      isInvisible: visibilityOf(style, above.isInvisible),
    });
  }

  close(): void {
    if (this.stack.length > 1) this.stack.pop();
  }

  /** The element and all it holds is not shown. */
  hidesSubtree(attributes: Attributes): boolean {
    const isHidden =
      'hidden' in attributes ||
      attributes['aria-hidden'] === 'true' ||
      this.byStyleSheet(attributes) ||
      hides(attributes.style);
    this.found ||= isHidden;
    return isHidden;
  }

  /** Text at this place is not shown: tiny, invisible, or in the colour of its background. Children may be. */
  hidesText(text: string): boolean {
    const { color, background, isTiny, isInvisible } = this.stack.at(-1)!;
    const isHidden = isTiny || isInvisible || (color !== null && background !== null && isSimilar(color, background));
    if (isHidden && text.trim() !== '') this.found = true;
    return isHidden;
  }

  private byStyleSheet(attributes: Attributes): boolean {
    if (this.hiddenSelectors.size === 0) return false;
    const classes = (attributes.class ?? '').split(/\s+/).map((name) => `.${name}`);
    return [...classes, `#${attributes.id ?? ''}`].some((selector) => this.hiddenSelectors.has(selector));
  }
}

/** Class and id selectors that the mail's own style sheets hide, rules inside @media left out. Linear. */
export function hiddenSelectorsOf(html: string): Set<string> {
  const hidden = new Set<string>();
  for (const [, sheet] of html.matchAll(/<style\b[^>]{0,500}>([^<]{0,65536})/gi)) {
    let depth = 0;
    let start = 0;
    let selector = '';
    const css = sheet!.slice(0, MAX_STYLE_SHEET);
    for (let i = 0; i < css.length; i++) {
      if (css[i] === '{') {
        if (depth++ === 0) selector = css.slice(start, i);
        start = i + 1;
      } else if (css[i] === '}') {
        if (depth === 1 && !selector.trim().startsWith('@') && hides(css.slice(start, i)))
          addSelectors(hidden, selector);
        depth = Math.max(0, depth - 1);
        start = i + 1;
      }
    }
  }
  return hidden;
}

function addSelectors(hidden: Set<string>, selector: string): void {
  for (const one of selector.slice(0, 2000).split(',')) {
    const simple = /^\w*([.#][\w-]+)$/.exec(one.trim());
    if (simple) hidden.add(simple[1]!);
  }
}

const normalizedStyle = (style = ''): string => style.slice(0, 4000).toLowerCase().replace(/\s+/g, '');

function hides(style: string | undefined): boolean {
  if (!style) return false;
  const declarations = normalizedStyle(style).replaceAll('!important', '').split(';');
  const has = (rule: RegExp): boolean => declarations.some((declaration) => rule.test(declaration));
  return HIDING.some(has) || (has(ZERO_BOX) && has(/^overflow(?:-[xy])?:hidden/));
}

function valueOf(style: string, property: string): string | undefined {
  return new RegExp(`(?:^|;)${property}:([^;]*)`).exec(style)?.[1]?.replace('!important', '');
}

function backgroundOf(style: string, attributes: Attributes, inherited: string | null): string | null {
  if (attributes.background) return null;
  const value = valueOf(style, 'background-color') ?? valueOf(style, 'background') ?? attributes.bgcolor;
  if (value?.includes('url(') || value?.includes('gradient')) return null;
  return colorOf(value, inherited);
}

function tinyOf(style: string, inherited: boolean): boolean {
  const size = valueOf(style, 'font-size') ?? /(?:^|[\s/])(\d[\d.]*px)\//.exec(valueOf(style, 'font') ?? '')?.[1];
  if (size === undefined) return inherited;
  const [, number, unit] = /^(\d*\.?\d+)([a-z%]*)$/.exec(size) ?? [];
  const isAbsolute = unit === 'px' || unit === 'pt' || unit === '';
  return number !== undefined && Number(number) <= (isAbsolute ? 1 : 0);
}

function visibilityOf(style: string, inherited: boolean): boolean {
  const value = valueOf(style, 'visibility');
  return value === undefined ? inherited : value === 'hidden' || value === 'collapse';
}

/** Six hex digits; `inherited` when nothing is said; null when it cannot be told. */
function colorOf(value: string | undefined, inherited: string | null): string | null {
  if (value === undefined || value === 'inherit') return inherited;
  const text = value.trim().toLowerCase();
  if (text === 'transparent') return inherited;
  if (text in NAMED_COLORS) return NAMED_COLORS[text]!;
  const hex = /^#?([0-9a-f]{6}|[0-9a-f]{3})$/.exec(text)?.[1];
  if (hex) return hex.length === 6 ? hex : hex.replace(/./g, '$&$&');
  const rgb = /^rgba?\((\d{1,3}),(\d{1,3}),(\d{1,3})/.exec(text);
  return rgb
    ? rgb
        .slice(1, 4)
        .map((part) => Math.min(255, Number(part)).toString(16).padStart(2, '0'))
        .join('')
    : null;
}

/** Differs by less than a person can read. */
function isSimilar(a: string, b: string): boolean {
  const channels = [0, 2, 4].map((i) => Math.abs(parseInt(a.slice(i, i + 2), 16) - parseInt(b.slice(i, i + 2), 16)));
  return Math.max(...channels) <= 8;
}
