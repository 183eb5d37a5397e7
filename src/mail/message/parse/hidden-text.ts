import { cssColor, isTransparent, isUnreadable } from './css-color.js';

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
const MAX_STYLE = 4000;
/** Declarations that hide an element with all it holds, by property. */
const HIDING: ReadonlyMap<string, RegExp> = new Map([
  ['display', /^none/],
  ['mso-hide', /^all/],
  ['opacity', /^(?:0|0?\.0\d*)$/],
  ['text-indent', /^-\d{3,}/],
  ['left', /^-\d{3,}/],
  ['top', /^-\d{3,}/],
  ['margin-left', /^-\d{3,}/],
  ['clip', /^rect\([01]/],
]);
const BOX_SIZES = ['height', 'width', 'max-height', 'max-width'];

/** Declarations of one style attribute in lower case, without white space and `!important`; the last of a property counts. */
type Style = ReadonlyMap<string, string>;
const NO_STYLE: Style = new Map();

/** Follows the elements of one mail from open tag to close tag. */
export class HiddenText {
  private readonly stack: Appearance[] = [{ color: '000000', background: 'ffffff', isTiny: false, isInvisible: false }];
  /** Something was hidden. */
  found = false;

  constructor(private readonly hiddenSelectors: ReadonlySet<string> = new Set()) {}

  open(attributes: Attributes): void {
    const style = styleOf(attributes.style);
    const above = this.stack.at(-1)!;
    const background = backgroundOf(style, attributes, above.background);
    this.stack.push({
      color: colorOf(style.get('color') ?? attributes.color, above.color, background),
      background,
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
      hides(styleOf(attributes.style));
    this.found ||= isHidden;
    return isHidden;
  }

  /** Text at this place is not shown: tiny, invisible, or in the colour of its background. Children may be. */
  hidesText(text: string): boolean {
    const { color, background, isTiny, isInvisible } = this.stack.at(-1)!;
    const isHidden =
      isTiny || isInvisible || (color !== null && background !== null && isUnreadable(color, background));
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
        if (depth === 1 && !selector.trim().startsWith('@') && hides(styleOf(css.slice(start, i))))
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

function styleOf(text: string | undefined): Style {
  if (!text) return NO_STYLE;
  const plain = text.slice(0, MAX_STYLE).toLowerCase().replace(/\s+/g, '').replaceAll('!important', '');
  const declarations = plain.split(';').map((declaration): [string, string] => {
    const colon = declaration.indexOf(':');
    return [declaration.slice(0, colon), declaration.slice(colon + 1)];
  });
  return new Map(declarations);
}

function hides(style: Style): boolean {
  for (const [property, value] of style) if (HIDING.get(property)?.test(value)) return true;
  // A box of no size hides only what cannot flow out of it.
  const isClipped = ['overflow', 'overflow-x', 'overflow-y'].some((name) => style.get(name)?.startsWith('hidden'));
  return isClipped && BOX_SIZES.some((name) => /^0(?:px|pt|em|%)?$/.test(style.get(name) ?? ''));
}

function colorOf(value: string | undefined, inherited: string | null, background: string | null): string | null {
  if (value === undefined || value === 'inherit') return inherited;
  const plain = value.trim().toLowerCase();
  return isTransparent(plain) ? background : cssColor(plain);
}

function backgroundOf(style: Style, attributes: Attributes, inherited: string | null): string | null {
  if (attributes.background) return null;
  const value = style.get('background-color') ?? style.get('background') ?? attributes.bgcolor?.trim().toLowerCase();
  // Pictures and gradients have no one colour: null.
  return value === undefined || value === 'inherit' || isTransparent(value) ? inherited : cssColor(value);
}

function tinyOf(style: Style, inherited: boolean): boolean {
  const size = style.get('font-size') ?? /(\d[\d.]*(?:px|pt)?)\//.exec(style.get('font') ?? '')?.[1];
  if (size === undefined) return inherited;
  const [, number, unit] = /^(\d*\.?\d+)([a-z%]*)$/.exec(size) ?? [];
  const isAbsolute = unit === 'px' || unit === 'pt' || unit === '';
  return number !== undefined && Number(number) <= (isAbsolute ? 1 : 0);
}

function visibilityOf(style: Style, inherited: boolean): boolean {
  const value = style.get('visibility');
  return value === undefined ? inherited : value === 'hidden' || value === 'collapse';
}
