const TOPICS = [
  'I forgot my password and cannot log in any more. How do I reset my password?',
  'My account is locked since this morning. What do I have to do to log in again?',
  'The link to reset my password does not arrive. Where do I find it, and how long is it valid?',
  'After the last update the login page shows an error. Can you help me to get into my account?',
] as const;
const DETAIL =
  'I tried it with two browsers on the computer in the office and again at home, with the same result each time. ' +
  'The page loads, then says that something went wrong, and asks me to come back later. ';
const TEXT_BYTES = 2_000;
const HTML_BYTES = 3_600;

/**
 * Mails of about 6 KB with a text and an HTML part, as mail programs send them: everyone from another sender, with its own
 * Message-ID, subject and words.
 */
export function makeMails(count: number, to: string): Buffer[] {
  return Array.from({ length: count }, (_, number) => makeMail(number, to));
}

function makeMail(number: number, to: string): Buffer {
  const from = `customer${number}@customer.test`;
  const question = TOPICS[number % TOPICS.length]!;
  const paragraphs = [`Hello,`, `${question} My order number is ${100_000 + number}.`];
  while (paragraphs.join('\r\n\r\n').length < TEXT_BYTES) paragraphs.push(DETAIL.repeat(2).trim());
  paragraphs.push(`Kind regards`, `Customer ${number}`);
  const boundary = `part-${number}`;
  const html = `<html><body style="font-family: sans-serif">${paragraphs
    .map((paragraph) => `<p style="margin: 0 0 12px 0; color: #222222"><span>${paragraph}</span></p>`)
    .join('\r\n')}</body></html>`;
  return Buffer.from(
    [
      `Received: from mx.customer.test (mx.customer.test [192.0.2.7]) by mx.support.test; Sun, 22 Nov 2026 10:00:00 +0000`,
      `From: Customer ${number} <${from}>`,
      `To: ${to}`,
      `Subject: Login question ${number}`,
      `Message-ID: <bench-${number}@customer.test>`,
      `Date: Sun, 22 Nov 2026 10:00:00 +0000`,
      `MIME-Version: 1.0`,
      `Content-Type: multipart/alternative; boundary="${boundary}"`,
      ``,
      `--${boundary}`,
      `Content-Type: text/plain; charset=utf-8`,
      `Content-Transfer-Encoding: 7bit`,
      ``,
      paragraphs.join('\r\n\r\n'),
      `--${boundary}`,
      `Content-Type: text/html; charset=utf-8`,
      `Content-Transfer-Encoding: 7bit`,
      ``,
      html + `<!-- ${'-'.repeat(Math.max(0, HTML_BYTES - html.length))} -->`,
      `--${boundary}--`,
      ``,
    ].join('\r\n'),
  );
}
