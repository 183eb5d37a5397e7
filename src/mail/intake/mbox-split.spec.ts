import fc from 'fast-check';
import { isMbox, splitMbox } from './mbox-split.js';

const split = (text: string): string[] =>
  [...splitMbox(Buffer.from(text, 'latin1'))].map((mail) => mail.toString('latin1'));

describe('splitMbox', () => {
  it('cuts at From lines that follow an empty line, and only there', () => {
    const mbox = 'From a Mon\nSubject: 1\n\nFrom the start\nnot a cut\n\nFrom b Tue\nSubject: 2\n\nbody\n';
    // The first body line is after an empty line, too: mbox writers quote it, so this one is a cut.
    expect(split(mbox)).toEqual(['Subject: 1\n', 'not a cut\n', 'Subject: 2\n\nbody\n']);
    expect(split('From a\nSubject: 1\n\ntext\nFrom here on\n')).toEqual(['Subject: 1\n\ntext\nFrom here on\n']);
  });

  it('unquotes one level of >From', () => {
    expect(split('From a\nS: 1\n\n>From x\n>>From y\n> From z\n')).toEqual(['S: 1\n\nFrom x\n>From y\n> From z\n']);
  });

  it('keeps CRLF and removes the empty line that separates mails', () => {
    expect(split('From a\r\nS: 1\r\n\r\none\r\n\r\nFrom b\r\nS: 2\r\n\r\ntwo\r\n')).toEqual([
      'S: 1\r\n\r\none\r\n',
      'S: 2\r\n\r\ntwo\r\n',
    ]);
  });

  it('finds nothing in what is no mbox', () => {
    expect(split('Subject: x\n\nbody')).toEqual([]);
    expect(split('')).toEqual([]);
    expect(isMbox(Buffer.from('From a\n'))).toBe(true);
    expect(isMbox(Buffer.from('From: a\n'))).toBe(false);
  });

  it('gives back any mails that were written as mboxrd', () => {
    const line = fc.constantFrom('From x', '>From x', '>>From y', '', 'text', '\x80\xff', 'From');
    const mail = fc.array(line, { maxLength: 8 }).map((lines) => ['Subject: s', '', ...lines, 'end'].join('\n') + '\n');
    const quote = (text: string): string => text.replace(/^(>*From )/gm, '>$1');
    fc.assert(
      fc.property(fc.array(mail, { maxLength: 5 }), (mails) => {
        const mbox = mails.map((text) => `From someone Mon Jan  1 00:00:00 2026\n${quote(text)}\n`).join('');
        expect(split(mbox)).toEqual(mails);
      }),
    );
  });

  it('needs time in proportion to the size', () => {
    const hostile = Buffer.from('From a\n' + '>'.repeat(2_000_000) + '\n' + '>From \n'.repeat(200_000));
    const startedAt = process.cpuUsage();
    expect([...splitMbox(hostile)]).toHaveLength(1);
    expect(process.cpuUsage(startedAt).user / 1000).toBeLessThan(1_500);
  });
});
