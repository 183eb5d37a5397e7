import { textToHtml } from './text-to-html.js';

describe('textToHtml', () => {
  it('makes paragraphs and line breaks', () => {
    expect(textToHtml('Hello,\r\n\r\none\ntwo\n\n\n\nBye\n')).toBe('<p>Hello,</p>\n<p>one<br>\ntwo</p>\n<p>Bye</p>');
  });

  it('lets nothing become markup', () => {
    const html = textToHtml(`<img src=x onerror="alert('1')"> & [a](https://evil.example)`);
    expect(html).toBe(
      '<p>&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt; &amp; [a](https://evil.example)</p>',
    );
  });

  it('makes nothing of nothing', () => expect(textToHtml(' \n\n ')).toBe(''));
});
