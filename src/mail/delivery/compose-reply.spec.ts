import { simpleParser } from 'mailparser';
import { composeReply, type ReplyContent, replyReferences, replySubject } from './compose-reply.js';

const aReply = (changes: Partial<ReplyContent> = {}): ReplyContent => ({
  mailbox: { name: 'Shop Support', address: 'support@shop.test' },
  recipient: { name: 'Ann', address: 'ann@customer.test' },
  subject: 'Where is my order?',
  inReplyTo: '<question@customer.test>',
  references: ['<first@customer.test>'],
  text: 'Hello Ann\n\nit is on its way.',
  html: '<p>Hello Ann</p><p>it is on its way.</p>',
  autoSubmitted: true,
  messageId: '<abcdefghijklmnopqrstuvwxyz@shop.test>',
  loopToken: 'token.mac',
  date: new Date('2026-11-22T10:00:00Z'),
  ...changes,
});

const rawOf = async (changes: Partial<ReplyContent> = {}): Promise<string> =>
  (await composeReply(aReply(changes))).mime.toString('latin1');

/** Names of the headers of the mail itself, in order. */
const headerNames = (raw: string): string[] =>
  raw
    .slice(0, raw.indexOf('\r\n\r\n'))
    .split('\r\n')
    .filter((line) => !/^[ \t]/.test(line))
    .map((line) => line.slice(0, line.indexOf(':')));

const ENGINE_HEADERS = [
  'Auto-Submitted',
  'X-Auto-Response-Suppress',
  'X-Agent-Loop',
  'From',
  'To',
  'In-Reply-To',
  'References',
  'Subject',
  'Message-ID',
  'Date',
  'MIME-Version',
  'Content-Type',
];

describe('the bytes of a reply', () => {
  it('are the same each time', async () => {
    expect(await rawOf()).toBe(await rawOf());
  });

  it('read back as what went in', async () => {
    const text = 'Grüße, 你好 🎉\n.\n..two dots\nFrom here\n' + 'long '.repeat(600);
    const mail = await simpleParser(await composeReply(aReply({ text })).then((reply) => reply.mime));
    expect(mail.text!.trim()).toBe(text.trim());
    expect(mail.html).toContain('<p>Hello Ann</p>');
    expect(mail).toMatchObject({
      subject: 'Re: Where is my order?',
      messageId: '<abcdefghijklmnopqrstuvwxyz@shop.test>',
      inReplyTo: '<question@customer.test>',
      references: ['<first@customer.test>', '<question@customer.test>'],
      date: new Date('2026-11-22T10:00:00Z'),
    });
    expect(mail.from!.value).toEqual([{ name: 'Shop Support', address: 'support@shop.test' }]);
  });

  it('are 7 bit, CRLF only, in lines below 998 octets, whatever the text', async () => {
    const raw = await rawOf({
      text: `é\u0000\u2028\ud800${'x'.repeat(5000)}\rbare\nlf`,
      html: `<p>${'y'.repeat(5000)}ü</p>`,
    });
    expect(/[\x80-\xff\0]/.test(raw)).toBe(false);
    expect(/[\r\n]/.test(raw.replaceAll('\r\n', ''))).toBe(false);
    expect(Math.max(...raw.split('\r\n').map((line) => line.length))).toBeLessThan(998);
  });

  it('have a plain part alone when there is no HTML', async () => {
    expect(await rawOf({ html: '' })).toMatch(/^Content-Type: text\/plain; charset=utf-8\r$/m);
  });

  it('carry the marks of an automaton only when an engine drafted the text', async () => {
    expect(headerNames(await rawOf())).toEqual(ENGINE_HEADERS);
    const byHand = headerNames(await rawOf({ autoSubmitted: false, loopToken: null }));
    expect(byHand).toEqual(ENGINE_HEADERS.slice(3));
  });

  it.each(['no id', '<0123456789abcdef@inbound.local>', null])(
    'answer a mail with the id %j on its own',
    async (inReplyTo) => {
      const names = headerNames(await rawOf({ inReplyTo, references: [] }));
      expect(names).toEqual(ENGINE_HEADERS.filter((name) => name !== 'In-Reply-To' && name !== 'References'));
    },
  );

  it('stay below 2 MB', async () => {
    await expect(composeReply(aReply({ text: 'x'.repeat(2_200_000) }))).rejects.toMatchObject({ code: 'TOO_LARGE' });
  });
});

describe('input that wants to be a header', () => {
  const ATTACKS = [
    'x\r\nBcc: victim@other.test',
    'x\nBcc: victim@other.test',
    'x\rBcc: victim@other.test',
    'x\r\n\r\n<h1>body</h1>',
    'x\u2028Bcc: victim@other.test',
    'x\u0085Bcc: victim@other.test',
    'x\0\r\nBcc: victim@other.test',
    '=?utf-8?Q?x=0D=0ABcc=3A_victim=40other.test?=',
    '"\r\nBcc: victim@other.test\r\n',
    'x>\r\nBcc: <victim@other.test>',
    'x'.repeat(5000) + '\r\nBcc: victim@other.test',
  ];

  it.each(ATTACKS)('%j adds no header and no recipient', async (attack) => {
    const reply = await composeReply(
      aReply({
        subject: attack,
        mailbox: { name: attack, address: 'support@shop.test' },
        recipient: { name: attack, address: 'ann@customer.test' },
        inReplyTo: attack,
        references: [attack, `<${attack}@x.test>`, '<ok@x.test>'],
        loopToken: attack,
      }),
    );
    const raw = reply.mime.toString('latin1');
    expect(headerNames(raw)).toEqual(ENGINE_HEADERS.filter((name) => name !== 'In-Reply-To'));
    expect(raw).toMatch(/^(References:| ) ?<ok@x\.test>\r$/m);
    expect(raw.replace(/^References:.*(\r\n .*)*/m, '')).not.toContain('=?utf-8');
    expect(reply.recipient).toBe('ann@customer.test');
    const { to, cc, bcc } = await simpleParser(reply.mime);
    expect([to, cc, bcc].flat().flatMap((header) => header?.value ?? [])).toEqual([
      { name: expect.any(String), address: 'ann@customer.test' },
    ]);
  });

  it.each([
    'ann@customer.test\r\nRCPT TO:<x@y.z>',
    'a@b.test, c@d.test',
    '<a@b.test>',
    'a b@c.test',
    'nobody',
    '@b.test',
    '',
  ])('recipient %j is refused', async (address) => {
    const refused = expect(composeReply(aReply({ recipient: { name: '', address } }))).rejects;
    await refused.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('refuses a Message-ID that is none', async () => {
    await expect(composeReply(aReply({ messageId: 'x' }))).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
});

describe('replySubject', () => {
  it.each([
    ['Order', 'Re: Order'],
    ['Re: Order', 'Re: Order'],
    ['RE: AW: Sv: Antw: Re[2]: re(3): 回复：Order', 'Re: Order'],
    ['  re : Order ', 'Re: Order'],
    ['Reference: 12', 'Re: Reference: 12'],
    ['Regarding: x', 'Re: Regarding: x'],
    ['Fwd: Order', 'Re: Fwd: Order'],
    ['', 'Re:'],
    ['a\tb\r\n c', 'Re: a b c'],
  ])('%j becomes %j', (subject, expected) => expect(replySubject(subject)).toBe(expected));

  it('cuts at 200 characters and never inside one', () => {
    const cut = replySubject('x'.repeat(195) + '🎉🎉');
    expect(cut).toBe(`Re: ${'x'.repeat(195)}`);
    expect(replySubject('y'.repeat(900))).toHaveLength(200);
  });
});

describe('replyReferences', () => {
  const ids = Array.from({ length: 30 }, (_, i) => `<${i}@x.test>`);

  it('keeps the first and the newest 19', () => {
    expect(replyReferences(ids, '<parent@x.test>')).toEqual([ids[0], ...ids.slice(12), '<parent@x.test>']);
  });

  it('drops what is no id, and what comes twice', () => {
    const junk = ['plain', '<a b@c>', '<a@b', '<@>', '<a@b>', '<a@b>', `<${'x'.repeat(300)}@b>`];
    expect(replyReferences(junk, '<a@b>')).toEqual(['<a@b>']);
    expect(replyReferences([], null)).toEqual([]);
  });
});
