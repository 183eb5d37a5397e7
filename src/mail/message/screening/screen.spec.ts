import type { MailHeader } from '../parsed-mail.types';
import { parseMime } from '../parse/parse-mime';
import { screen } from './screen';
import { SCREENING_RULES } from './screening-rules';
import type { ScreeningInput } from './screening.types';

const PERSON = ['From: Ann <ann@customer.test>', 'To: support@shop.test', 'Subject: Broken', 'Message-ID: <1@x.test>'];

async function screened(headers: string[], change: Partial<ScreeningInput> = {}) {
  const names = headers.map((line) => line.split(':')[0]!.toLowerCase());
  const rest = PERSON.filter((line) => !names.includes(line.split(':')[0]!.toLowerCase()));
  const { mail } = await parseMime(
    Buffer.from(`${[...headers, ...rest].filter(Boolean).join('\r\n')}\r\n\r\nIt is broken.`),
  );
  return screen({
    mail: { ...mail, authentication: null },
    ownAddresses: ['support@shop.test', 'help@shop.test'],
    isOwnLoopToken: (token) => token === 'ours',
    isOwnMessageId: (id) => id === '<sent@shop.test>',
    inKnownThread: false,
    trustRecipient: false,
    ...change,
  });
}

describe('screen', () => {
  it.each([
    ['an ordinary mail', []],
    ['Auto-Submitted: no', ['Auto-Submitted: no']],
    ['Auto-Submitted: No (x)', ['Auto-Submitted: No (by hand)']],
    ['reports suppressed only', ['X-Auto-Response-Suppress: DR, RN, NRN']],
    ['nothing suppressed', ['X-Auto-Response-Suppress: None']],
    ['Precedence: normal', ['Precedence: normal']],
    ['a foreign loop token', ['X-Agent-Loop: theirs']],
    ['our alias in Cc', ['To: other@x.test', 'Cc: <HELP@shop.test>']],
    ['our plus-address', ['To: support+order@shop.test']],
    ['only the envelope names us', ['To: undisclosed-recipients:;', 'Delivered-To: support@shop.test']],
    ['a name that contains a role word', ['From: Root Beer <rooter@customer.test>']],
    ['49 hops', Array.from({ length: 49 }, () => 'Received: from a by b; now')],
    ['a reply about automatic things', ['Subject: Re: How do I set up automatic replies?']],
    ['a person of an organisation with "bounce" in it', ['From: bouncecastle@customer.test']],
  ])('lets a person be answered: %s', async (_what, headers) => {
    expect(await screened(headers)).toEqual({ verdict: 'answer', reason: null, evidence: null });
  });

  it.each([
    ['own_loop_token', ['X-Agent-Loop: theirs', 'X-Agent-Loop: ours']],
    ['own_message', ['Message-ID: <sent@shop.test>']],
    ['too_many_hops', Array.from({ length: 50 }, () => 'Received: from a by b; now')],
    ['delivery_report', ['Content-Type: multipart/report; report-type=delivery-status; boundary=b']],
    ['delivery_report', ['Content-Type: Multipart/Report; report-type="feedback-report"; boundary=b']],
    ['delivery_report', ['Content-Type: message/disposition-notification']],
    ['bounce', ['Return-Path: <>']],
    ['bounce', ['Return-Path: < >']],
    ['bounce', ['X-Failed-Recipients: a@x.test']],
    ['auto_submitted', ['Auto-Submitted: auto-replied (vacation)']],
    ['auto_submitted', ['Auto-Submitted: auto-generated; owner-email="x@x.test"']],
    ['auto_submitted', ['AUTO-SUBMITTED: (a comment) Auto-Notified']],
    ['auto_submitted', ['Auto-Submitted: no', 'Auto-Submitted: auto-replied']],
    ['auto_reply', ['X-Autoreply: yes']],
    ['auto_reply', ['X-Autorespond: x']],
    ['auto_reply', ['X-Vacation: x']],
    ['mailing_list', ['List-Id: <a.b.test>']],
    ['mailing_list', ['List-Unsubscribe: <https://x.test>']],
    ['mailing_list', ['X-Mailing-List: a@b.test']],
    ['bulk_mail', ['Precedence:bulk']],
    ['bulk_mail', ['Precedence: Auto_Reply']],
    ['bulk_mail', ['Feedback-ID: 1:2:3']],
    ['reply_suppressed', ['X-Auto-Response-Suppress: OOF, AutoReply']],
    ['reply_suppressed', ['X-Auto-Response-Suppress: All']],
    ['loop_header', ['X-Loop: x']],
    ['own_mail', ['From: Support <support@shop.test>']],
    ['own_mail', ['From: support+a@shop.test']],
    ['own_mail', ['Reply-To: help@shop.test']],
    ['own_mail', ['Return-Path: <prvs=1234abc=support@shop.test>']],
    ['own_mail', ['Return-Path: <SRS0=abc=de=shop.test=help@forwarder.test>']],
    ['machine_sender', ['From: Mail Delivery <MAILER-DAEMON@mx.test>']],
    ['machine_sender', ['From: MAILER-DAEMON (Mail Delivery)']],
    ['machine_sender', ['From: no-reply@customer.test']],
    ['machine_sender', ['From: noreply+7@customer.test']],
    ['machine_sender', ['From: orders-donotreply@customer.test']],
    ['machine_sender', ['From: owner-list@customer.test']],
    ['machine_sender', ['From: list-request@customer.test']],
    ['machine_sender', ['Return-Path: <list-bounces@customer.test>']],
    ['machine_sender', ['Return-Path: <prvs=12345=postmaster@customer.test>']],
  ])('never answers: %s', async (reason, headers) => {
    expect(await screened(headers)).toMatchObject({ verdict: 'ignore', reason });
  });

  it.each([
    ['no_valid_sender', ['From: nobody']],
    ['several_senders', ['From: a@x.test, b@x.test']],
    ['marked_as_spam', ['X-Spam-Flag: YES']],
    ['marked_as_spam', ['X-Spam-Status: Yes, score=9']],
    ['automatic_subject', ['Subject: Automatic reply: Broken']],
    ['automatic_subject', ['Subject: Re: AW: Abwesenheitsnotiz']],
    ['automatic_subject', ['Subject: 自動返信: お問い合わせ']],
    ['automatic_subject', ['Subject: Undeliverable: your order']],
    ['automatic_subject', ['Subject: =?utf-8?Q?R=C3=A9ponse_automatique?=']],
    ['not_addressed', ['To: undisclosed-recipients:;']],
    ['not_addressed', ['To: support@shop.test.evil.test']],
    ['unreadable', ['Content-Type: multipart/encrypted; boundary=b']],
  ])('asks a person first: %s', async (reason, headers) => {
    expect(await screened(headers)).toMatchObject({ verdict: 'hold', reason });
  });

  it.each([
    ['reject', 'hold'],
    ['quarantine', 'hold'],
    ['none', 'answer'],
    [null, 'answer'],
  ])('with DMARC failed and the policy %s: %s', async (dmarcPolicy, verdict) => {
    const { mail } = await parseMime(Buffer.from(`${PERSON.join('\r\n')}\r\n\r\nx`));
    const authentication = { spf: 'fail', dkim: 'fail', dmarc: 'fail', dmarcPolicy };
    expect((await screened([], { mail: { ...mail, authentication } })).verdict).toBe(verdict);
  });

  it('does not hold a subject against a mail that continues a thread of ours', async () => {
    expect((await screened(['Subject: Automatic reply: x'], { inKnownThread: true })).verdict).toBe('answer');
  });

  it('believes a source that only takes mail for us', async () => {
    expect((await screened(['To: other@x.test'], { trustRecipient: true })).verdict).toBe('answer');
  });

  it('ignores for good before it asks a person', async () => {
    expect(await screened(['From: nobody', 'Auto-Submitted: auto-replied'])).toMatchObject({
      reason: 'auto_submitted',
    });
    const verdicts = SCREENING_RULES.map((rule) => rule.verdict);
    expect(verdicts.lastIndexOf('ignore')).toBeLessThan(verdicts.indexOf('hold'));
  });

  it('gives evidence without addresses', async () => {
    for (const rule of SCREENING_RULES) expect(rule.code).toMatch(/^[a-z_]+$/);
    const header = (name: string, value: string): MailHeader => [name, value];
    const headers = [header('return-path', '<bounce@x.test>'), header('precedence', 'bulk bob@x.test')];
    const { mail } = await parseMime(Buffer.from(PERSON.join('\r\n')));
    const { evidence } = await screened([], { mail: { ...mail, authentication: null, headers } });
    expect(evidence).not.toContain('@');
  });
});
