const HEAD = 'From: a@x.test\r\nTo: b@y.test\r\nSubject: s\r\nMIME-Version: 1.0\r\n';
const numbered = (n: number, make: (i: number) => string, separator: string): string =>
  Array.from({ length: n }, (_, i) => make(i)).join(separator);

function nested(depth: number): string {
  let text = `${HEAD}Content-Type: multipart/mixed; boundary=b0\r\n\r\n`;
  for (let i = 1; i <= depth; i++) text += `--b${i - 1}\r\nContent-Type: multipart/mixed; boundary=b${i}\r\n\r\n`;
  return `${text}--b${depth}\r\n\r\nx\r\n`;
}

/** Mails that make parsers slow, by what is too much in them. All of them must end soon: parsed or refused. */
export const MIME_BOMBS: Record<string, () => string> = {
  'attachment parts': () =>
    `${HEAD}Content-Type: multipart/mixed; boundary=a\r\n\r\n` +
    '--a\r\nContent-Type: application/x\r\nContent-Disposition: attachment\r\n\r\nz\r\n'.repeat(1500) +
    '--a--\r\n',
  'text parts': () =>
    `${HEAD}Content-Type: multipart/mixed; boundary=a\r\n\r\n${'--a\r\nx:y\r\n\r\nz\r\n'.repeat(100_000)}--a--\r\n`,
  'folded subject': () => `From: a@x.test\r\nSubject: ${'=?utf-8?Q?a?=\r\n '.repeat(40_000)}\r\n\r\nx`,
  'long subject': () => `From: a@x.test\r\nSubject: ${'=?utf-8?Q?a?= '.repeat(15_000)}\r\n\r\nx`,
  recipients: () => `${HEAD}Cc: ${numbered(40_000, (i) => `u${i}@x.test`, ', ')}\r\n\r\nx`,
  'recipients below the header limit': () => `${HEAD}Cc: ${numbered(15_000, (i) => `u${i}@x.test`, ', ')}\r\n\r\nx`,
  headers: () => `${HEAD}${'X-A: b\r\n'.repeat(100_000)}\r\nx`,
  'long header': () => `${HEAD}X-A: ${'b '.repeat(120_000)}\r\n\r\nx`,
  references: () => `${HEAD}References: ${numbered(10_000, (i) => `<u${i}@x.test>`, ' ')}\r\n\r\nx`,
  depth: () => nested(5000),
  'nested messages': () => `${HEAD}${'Content-Type: message/rfc822\r\n\r\n'.repeat(5000)}x`,
  'html of 2 MB': () => `${HEAD}Content-Type: text/html\r\n\r\n${'<a href="http://a.test">x</a> '.repeat(70_000)}`,
  'nested tags': () => `${HEAD}Content-Type: text/html\r\n\r\n${'<div>'.repeat(200_000)}x`,
  'nested tables': () => `${HEAD}Content-Type: text/html\r\n\r\n${'<table><tr><td>'.repeat(100_000)}x`,
  'text of 2 MB': () => `${HEAD}Content-Type: text/plain\r\n\r\n${'http://a.b/c <x> a@b.c '.repeat(90_000)}`,
  'flowed text': () => `${HEAD}Content-Type: text/plain; format=flowed\r\n\r\n${'word \r\n'.repeat(300_000)}`,
  comments: () => `${HEAD.replace('b@y.test', '('.repeat(100_000))}\r\nx`,
  groups: () => `${HEAD.replace('b@y.test', 'a:'.repeat(60_000))}\r\nx`,
  'quoted names': () => `${HEAD.replace('b@y.test', '"\\'.repeat(60_000))}\r\nx`,
  'encoded words in a name': () => `${HEAD.replace('a@x.test', `${'=?utf-8?Q?a?= '.repeat(8000)}<a@x.test>`)}\r\nx`,
  'boundary of spaces': () => `${HEAD}Content-Type: multipart/mixed; boundary="${' '.repeat(100_000)}"\r\n\r\nx`,
  parameters: () => `${HEAD}Content-Type: text/plain; ${numbered(15_000, (i) => `p${i}=x`, '; ')}\r\n\r\nx`,
  'continued parameters': () =>
    `${HEAD}Content-Disposition: attachment; ${numbered(10_000, (i) => `filename*${i}*=%61`, '; ')}\r\n\r\nx`,
  dashes: () => `${HEAD}Content-Type: multipart/mixed; boundary=a\r\n\r\n${'--\r\n'.repeat(400_000)}`,
  'no line ends': () => `${HEAD}\r\n${'x'.repeat(3_000_000)}`,
  'delivery status': () =>
    `${HEAD}Content-Type: multipart/report; boundary=a\r\n\r\n--a\r\nContent-Type: message/delivery-status\r\n\r\n` +
    `${'Final-Recipient: rfc822; a@b.test\r\nAction: failed\r\n\r\n'.repeat(40_000)}--a--\r\n`,
  'quoted reply': () => `${HEAD}\r\n${'On 1.1.2026 10:00 a@b.cd wrote:\n> x\ny\n'.repeat(60_000)}`,
  '26 MB': () => `${HEAD}\r\n${'x'.repeat(26 * 1024 * 1024)}`,
};
