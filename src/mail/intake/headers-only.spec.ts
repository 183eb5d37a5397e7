import { HEADER_PEEK_BYTES, headersOnly } from './headers-only.js';

describe('headersOnly', () => {
  const text = (start: string): string =>
    headersOnly(Buffer.from(start, 'latin1'), 52_428_800, 26_214_400).toString('latin1');

  it('keeps the headers, and says how large the mail was', () => {
    const mail = text('From: a@b.c\r\nSubject: big\r\n\r\nbody that is dropped');
    expect(mail).toMatch(/^From: a@b\.c\r\nSubject: big\r\n/);
    expect(mail).toContain('it has 52428800 bytes, the limit is 26214400');
    expect(mail).not.toContain('dropped');
  });

  it('does not leave a content type that speaks of a body which is gone', () => {
    const mail = text('Content-Type: multipart/mixed;\r\n\tboundary=x\r\nMIME-Version: 1.0\r\nSubject: s\r\n\r\n--x');
    expect(mail).toContain('X-Original-Content-Type: multipart/mixed;\r\n\tboundary=x\r\n');
    expect(mail.match(/^content-type:.*$/gim)).toEqual(['Content-Type: text/plain; charset=us-ascii']);
    expect(mail.match(/^mime-version:/gim)).toHaveLength(1);
  });

  it('bounds headers that never end, at a whole line', () => {
    const mail = headersOnly(Buffer.from('X-Long: y\r\n'.repeat(100_000)), 60_000_000, 26_214_400);
    expect(mail.length).toBeLessThan(HEADER_PEEK_BYTES + 1000);
    expect(mail.toString()).toMatch(/X-Long: y\r\nMIME-Version/);
  });
});
