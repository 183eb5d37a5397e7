import { htmlText, htmlView } from './html-view';
import { HISTORY_MARK } from './trim-markers';

const view = (html: string): string => htmlView(html).html;
const textOf = (html: string): string => htmlText(view(html)).trim();

describe('htmlView', () => {
  it.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '<img src="https://tracker.test/p.gif">',
    '<img src="//tracker.test/p.gif">',
    '<img src="/emails">',
    '<img srcset="https://t.test/a 1x">',
    '<svg onload=alert(1)><circle/></svg>',
    '<svg><style><img src=x onerror=alert(1)></style></svg>',
    '<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<object data="x"></object><embed src=x>',
    '<form action="https://evil.test"><input name=p><button>ok</button></form>',
    '<style>body{background:url(https://t.test)}</style>',
    '<div style="background:url(https://t.test)">x</div>',
    '<table background="https://t.test"><tr><td>x</table>',
    '<video poster="https://t.test"></video><audio src="https://t.test">',
    '<a href="javascript:alert(1)">x</a>',
    '<a href="&#106;avascript:alert(1)">x</a>',
    '<a href="java\tscript:alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<a href="/admin/users">x</a>',
    '<base href="https://evil.test"><meta http-equiv=refresh content="0;url=https://evil.test">',
    '<link rel=stylesheet href="https://evil.test">',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    '<xmp><script>alert(1)</script></xmp>',
    '<textarea><script>alert(1)</script></textarea>',
    '<!--><script>alert(1)</script>-->',
    '<div onclick=alert(1) id=x name=y class=z>x</div>',
  ])('leaves nothing active or remote of %s', (html) => {
    const safe = view(html);
    expect(safe).not.toMatch(
      /<(?:script|style|svg|math|iframe|object|embed|form|input|base|meta|link|video|audio|textarea)/i,
    );
    expect(safe).not.toMatch(
      /\son\w+=|javascript:|data:|style=|srcset|background|poster|\sid=|tracker\.test|evil\.test|t\.test/i,
    );
    expect(safe).not.toMatch(/(?:src|href)="(?!cid:|https?:|mailto:|tel:)/);
  });

  it('keeps what a mail needs: structure, links, inline images', () => {
    const html = '<h1>Hi</h1><p>See <a href="https://x.test/a">this</a></p><img src="cid:logo@x" alt="Logo">';
    expect(view(html)).toBe(
      '<h1>Hi</h1><p>See <a href="https://x.test/a" target="_blank" rel="noopener noreferrer nofollow">this</a></p>' +
        '<img alt="Logo" src="cid:logo@x" />',
    );
  });

  it.each([
    '<div style="display:none">secret</div>',
    '<div style="DISPLAY : none !important">secret</div>',
    '<div hidden>secret</div>',
    '<span aria-hidden="true">secret</span>',
    '<div style="visibility:hidden">secret</div>',
    '<div style="opacity:0">secret</div>',
    '<div style="opacity:0.01">secret</div>',
    '<p style="font-size:0">secret</p>',
    '<p style="font-size:1px">secret</p>',
    '<p style="font-size:0px;line-height:0"><b>secret</b></p>',
    '<p style="color:#fff">secret</p>',
    '<p style="color:white">secret</p>',
    '<p style="color:transparent">secret</p>',
    '<p style="color: rgba(0, 0, 0, 0)">secret</p>',
    '<p style="font:0/0 a">secret</p>',
    '<p style="color:rgb(254, 255, 255)">secret</p>',
    '<font color="#FFFFFF">secret</font>',
    '<div style="background:#000;color:#010101">secret</div>',
    '<td bgcolor="#336699"><font color="#336699">secret</font></td>',
    '<div style="max-height:0;overflow:hidden">secret</div>',
    '<div style="height:0px;width:0px;overflow:hidden">secret</div>',
    '<div style="position:absolute;left:-9999px">secret</div>',
    '<div style="text-indent:-9999px">secret</div>',
    '<div style="mso-hide:all">secret</div>',
    '<style>.x{display:none}</style><div class="x">secret</div>',
    '<style>p#y, .z { color: red; font-size: 1px; display: none }</style><p id="y">secret</p>',
    '<div style="display:none"><div><p>secret</div></div>',
    '<title>secret</title>',
    '<!-- secret -->',
  ])('removes what a person would not see, and tells: %s', (html) => {
    const { html: safe, hadHidden } = htmlView(`<p>shown</p>${html}<p>also shown</p>`);
    expect(safe).not.toContain('secret');
    expect(safe).toContain('also shown');
    expect(hadHidden).toBe(!/<title|<!--/.test(html));
  });

  it.each([
    '<div style="background:#003366"><p style="color:#fff">shown</p></div>',
    '<table bgcolor="#333333"><tr><td style="color:white">shown</td></tr></table>',
    '<div style="background:url(x.png);color:#fff">shown</div>',
    '<td style="font-size:0px"><div style="font-size:13px">shown</div></td>',
    '<p style="color:#fff"><span style="color:#222">shown</span></p>',
    '<div style="height:0">shown</div>',
    '<div style="display:block;visibility:visible">shown</div>',
    '<style>@media (max-width:600px){.x{display:none}}</style><div class="x">shown</div>',
    '<p style="font-size:0.9em">shown</p>',
    '<p style="color:constructor;background:__proto__">shown</p>',
    '<p style="background:transparent"><font color="inherit">shown</font></p>',
    '<p style="font:bold 12px/16px Arial">shown</p>',
  ])('keeps what a person sees: %s', (html) => {
    expect(htmlView(html)).toMatchObject({ hadHidden: false });
    expect(view(html)).toContain('shown');
  });

  it('marks the history that Outlook and Yahoo put below, and quotes blockquotes', () => {
    expect(textOf('<p>New</p><hr id="stopSpelling"><p>Old</p>')).toMatch(new RegExp(`${HISTORY_MARK}\\s+Old$`));
    expect(textOf('<p>New</p><div id="divRplyFwdMsg">From: x</div>')).toBe(`New\n\n${HISTORY_MARK}\nFrom: x`);
    expect(textOf('<p>New</p><div class="yahoo_quoted">Old</div>')).toContain(HISTORY_MARK);
    expect(textOf('<p>New</p><blockquote>Old</blockquote>')).toBe('New\n\n> Old');
  });

  it.each([
    ['nested div', '<div>'.repeat(10_000)],
    ['nested tables', '<table><tr><td>'.repeat(3000)],
    ['nested formatting', '<b><i>'.repeat(7500)],
    ['many attributes', `<p ${'a=b '.repeat(50_000)}>`],
    ['open quotes', '<a href="'.repeat(20_000)],
    ['long style', `<p style="${'color:#fff;'.repeat(15_000)}">`],
    ['style sheet', `<style>${'.a{display:none}'.repeat(4000)}</style><p class="a">x`],
    ['brackets', '<'.repeat(50_000)],
    ['2 MB of links', '<a href="https://a.test/">x</a>'.repeat(65_000)],
  ])('is bounded: %s', (_what, html) => {
    const start = process.cpuUsage();
    htmlText(view(html));
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1000).toBeLessThan(2000);
  });
});
