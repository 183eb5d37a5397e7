import { composeReply } from '../../src/mail/delivery/compose-reply';
import { MailTokens } from '../../src/mail/delivery/loop-token';
import { parseMime } from '../../src/mail/message/parse/parse-mime';
import { screen } from '../../src/mail/message/screening/screen';

const ours = new MailTokens([Buffer.alloc(32, 1)]);
const theirs = new MailTokens([Buffer.alloc(32, 2)]);

/** A reply of one installation to the mailbox of another, as it arrives there. */
async function aReply(tokens: MailTokens, autoSubmitted: boolean, headers = ''): Promise<Buffer> {
  const messageId = tokens.messageId('m', 'e', 1, 'a.test');
  const { mime } = await composeReply({
    mailbox: { name: 'A', address: 'support@a.test' },
    recipient: { name: '', address: 'support@b.test' },
    subject: 'Broken',
    inReplyTo: '<1@b.test>',
    references: [],
    text: 'Hello',
    html: '<p>Hello</p>',
    autoSubmitted,
    messageId,
    loopToken: tokens.loopToken(messageId),
    date: new Date('2026-11-22T10:00:00Z'),
  });
  return Buffer.concat([Buffer.from(headers), mime]);
}

async function screenedBy(tokens: MailTokens, bytes: Buffer, ownAddress: string) {
  const { mail } = await parseMime(bytes);
  return screen({
    mail: { ...mail, authentication: null },
    ownAddresses: [ownAddress],
    isOwnLoopToken: (token) => tokens.isOwnLoopToken(token),
    isOwnMessageId: (id) => tokens.isOwnMessageId(id),
    inKnownThread: true,
    trustRecipient: true,
  });
}

describe('loops', () => {
  it('does not answer a reply of its own that comes back, by its token alone', async () => {
    const bytes = await aReply(ours, false);
    expect(await screenedBy(ours, bytes, 'support@c.test')).toMatchObject({
      verdict: 'ignore',
      reason: 'own_loop_token',
    });
    const renamed = Buffer.from(bytes.toString().replace(/^Message-ID:.*$/im, 'Message-ID: <relay@x.test>'));
    expect(await screenedBy(ours, renamed, 'support@c.test')).toMatchObject({ reason: 'own_loop_token' });
    const stripped = Buffer.from(bytes.toString().replace(/^X-Agent-Loop:.*\r\n/im, ''));
    expect(await screenedBy(ours, stripped, 'support@c.test')).toMatchObject({ reason: 'own_message' });
  });

  it('does not answer the drafted reply of another installation: two agents stop after one reply each', async () => {
    const bytes = await aReply(theirs, true);
    expect(await screenedBy(ours, bytes, 'support@b.test')).toMatchObject({
      verdict: 'ignore',
      reason: 'auto_submitted',
    });
  });

  it('answers what a person wrote with another installation', async () => {
    expect(await screenedBy(ours, await aReply(theirs, false), 'support@b.test')).toMatchObject({ verdict: 'answer' });
  });

  it('does not answer mail from one of its own mailboxes', async () => {
    const bytes = await aReply(theirs, false);
    expect(await screenedBy(ours, bytes, 'support@a.test')).toMatchObject({ verdict: 'ignore', reason: 'own_mail' });
  });
});
