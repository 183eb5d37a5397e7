import { htmlToText } from 'html-to-text';
import sanitizeHtml from 'sanitize-html';
import { HiddenText, hiddenSelectorsOf } from './hidden-text.js';
import { HISTORY_MARK } from './trim-markers.js';

/** Above this sanitising gets slow (nested tags: quadratic); mail that people write stays far below. */
export const MAX_HTML_CHARS = 200 * 1024;
/** Sanitising closes what was left open, so that the result may be larger; beyond this it is no mail that a person wrote. */
export const MAX_VIEW_CHARS = 2 * MAX_HTML_CHARS;
const NESTING_LIMIT = 50;
const HISTORY_CLASS = 'quoted-history';
const HIDDEN_TAG = 'hidden-text';

const ALLOWED_TAGS = [
  ...['a', 'abbr', 'address', 'b', 'bdi', 'blockquote', 'br', 'caption', 'center', 'cite', 'code', 'col', 'colgroup'],
  ...['dd', 'del', 'div', 'dl', 'dt', 'em', 'font', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'i', 'img', 'ins', 'kbd'],
  ...['li', 'mark', 'ol', 'p', 'pre', 'q', 's', 'samp', 'small', 'span', 'strike', 'strong', 'sub', 'sup', 'table'],
  ...['tbody', 'td', 'tfoot', 'th', 'thead', 'tr', 'tt', 'u', 'ul'],
];

/** Containers in which mail programs put the history without quote signs (Outlook, Yahoo, Outlook for Mac). */
const HISTORY_IDS = new Set(['divrplyfwdmsg', 'appendonsend', 'stopspelling', 'olk_src_body_section']);
const HISTORY_CLASSES = /(?:^|\s)yahoo_quoted(?:\s|$)/;

export interface HtmlView {
  /** For display in a sandboxed frame: no script, style, form or remote image. */
  html: string;
  hadHidden: boolean;
  wasCut: boolean;
}

/** Sanitises the HTML of a mail and drops what a person would not have seen. Bounded by its input cap. */
export function htmlView(raw: string): HtmlView {
  const input = raw.slice(0, MAX_HTML_CHARS);
  const hidden = new HiddenText(hiddenSelectorsOf(input));
  const html = sanitizeHtml(input, {
    allowedTags: ALLOWED_TAGS,
    allowedAttributes: {
      a: ['href', 'rel', 'target'],
      img: ['src', 'alt', 'width', 'height'],
      td: ['colspan', 'rowspan', 'align'],
      th: ['colspan', 'rowspan', 'align'],
      ol: ['start'],
    },
    allowedClasses: { '*': [HISTORY_CLASS] },
    allowedSchemes: ['http', 'https', 'mailto', 'tel'],
    allowedSchemesByTag: { img: ['cid'] },
    allowProtocolRelative: false,
    nestingLimit: NESTING_LIMIT,
    parseStyleAttributes: false,
    nonTextTags: ['script', 'style', 'textarea', 'option', 'xmp', 'title', 'noscript', 'svg', 'math', HIDDEN_TAG],
    onOpenTag: (_name, attributes) => hidden.open(attributes),
    onCloseTag: () => hidden.close(),
    textFilter: (text) => (hidden.hidesText(text) ? '' : text.replaceAll(HISTORY_MARK, '')),
    transformTags: { '*': (tagName, attribs) => safeTag(tagName, attribs, hidden) },
  });
  return { html, hadHidden: hidden.found, wasCut: raw.length > MAX_HTML_CHARS };
}

function safeTag(tagName: string, given: sanitizeHtml.Attributes, hidden: HiddenText): sanitizeHtml.Tag {
  // A tag that is not allowed and whose text is dropped with it.
  if (hidden.hidesSubtree(given)) return { tagName: HIDDEN_TAG, attribs: {} };
  const { class: classes, id, src, href, ...attribs } = given;
  if (HISTORY_IDS.has((id ?? '').toLowerCase()) || HISTORY_CLASSES.test(classes ?? '')) attribs.class = HISTORY_CLASS;
  // Relative addresses would lead to our own pages.
  if (tagName === 'img' && src && /^cid:/i.test(src)) attribs.src = src;
  if (tagName === 'a' && href && /^(?:https?|mailto|tel):/i.test(href)) {
    Object.assign(attribs, { href, target: '_blank', rel: 'noopener noreferrer nofollow' });
  }
  return { tagName, attribs };
}

/** The readable text of sanitised HTML; `HISTORY_MARK` on its own line where quoted history begins. Bounded. */
export function htmlText(view: string): string {
  return htmlToText(view.slice(0, MAX_VIEW_CHARS), {
    wordwrap: false,
    limits: { maxInputLength: MAX_VIEW_CHARS, maxDepth: NESTING_LIMIT * 2, maxChildNodes: 10_000, ellipsis: '…' },
    formatters: {
      history: (elem, walk, builder, options) => {
        builder.openBlock({ leadingLineBreaks: 1 });
        builder.addLiteral(HISTORY_MARK);
        builder.closeBlock({ trailingLineBreaks: 1 });
        builder.openBlock();
        walk(elem.children, builder);
        builder.closeBlock({ trailingLineBreaks: options.trailingLineBreaks ?? 1 });
      },
    },
    selectors: [
      { selector: 'a', options: { ignoreHref: true } },
      { selector: 'img', format: 'skip' },
      ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
      { selector: 'table', options: { uppercaseHeaderCells: false } },
      { selector: `.${HISTORY_CLASS}`, format: 'history' },
    ],
  });
}
