import {
  answeredMessageIds,
  chooseThread,
  participantsOf,
  type ThreadedMail,
  threadSubject,
  ticketOf,
} from './find-thread';
import type { Thread } from './thread.types';

const aMail = (change: Partial<ThreadedMail> = {}): ThreadedMail => ({
  messageId: '<new@x.test>',
  inReplyTo: null,
  references: [],
  from: { name: '', address: 'ann@x.test' },
  to: [{ name: '', address: 'support@shop.test' }],
  cc: [],
  subject: 'Broken',
  deliveryReport: null,
  headers: [],
  ...change,
});
const aThread = (id: string, participants: string[], sentMessageIds: string[] = []): Thread =>
  ({ id, participants, sentMessageIds }) as unknown as Thread;

describe('chooseThread', () => {
  it('joins the nearest thread that the sender takes part in', () => {
    const [foreign, own, older] = [
      aThread('1', ['bob@x.test']),
      aThread('2', ['ann@x.test']),
      aThread('3', ['ann@x.test']),
    ];
    expect(chooseThread(aMail(), [foreign, own, older])).toEqual({ join: own });
  });

  it('knows the sender behind a plus-address', () => {
    const own = aThread('1', ['ann@x.test']);
    expect(chooseThread(aMail({ from: { name: '', address: 'ann+shop@x.test' } }), [own])).toEqual({ join: own });
  });

  it('only links for somebody else, who got the Message-ID from a forward', () => {
    const foreign = aThread('1', ['bob@x.test']);
    expect(chooseThread(aMail(), [foreign])).toEqual({ link: foreign });
    expect(chooseThread(aMail({ from: null }), [foreign])).toEqual({ link: foreign });
  });

  it('begins a new one without a candidate', () => {
    expect(chooseThread(aMail(), [])).toBeNull();
  });

  it('puts a delivery report to the reply that it is about, and believes no other (backscatter)', () => {
    const report = (originalMessageId: string | null) =>
      aMail({
        deliveryReport: { action: 'failed', status: null, recipient: null, diagnostic: null, originalMessageId },
      });
    const thread = aThread('1', ['bob@x.test'], ['<sent@shop.test>']);
    expect(chooseThread(report('<sent@shop.test>'), [thread])).toEqual({ join: thread });
    expect(chooseThread(report('<other@x.test>'), [thread])).toBeNull();
    expect(chooseThread(report(null), [thread])).toBeNull();
  });
});

describe('what threading reads of a mail', () => {
  it('lists answered Message-IDs, nearest first, once', () => {
    const mail = aMail({ inReplyTo: '<c@x>', references: ['<a@x>', '<b@x>', '<c@x>'] });
    expect(answeredMessageIds(mail)).toEqual(['<c@x>', '<b@x>', '<a@x>']);
  });

  it('counts author and recipients as participants, not ourselves', () => {
    const mail = aMail({
      cc: [{ name: '', address: 'bob+x@x.test' }],
      to: [{ name: '', address: 'Support+1@shop.test' }],
    });
    expect(participantsOf(mail, ['support@shop.test'])).toEqual(['ann@x.test', 'bob@x.test']);
  });

  it.each([
    ['Re: AW: Re[2]: Broken', 'Broken'],
    ['回复：订单', '订单'],
    ['Re: [#0123456789abcdef01234567] Broken', 'Broken'],
    ['Rebate: 5 %', 'Rebate: 5 %'],
  ])('calls the thread of %j %j', (subject, name) => {
    expect(threadSubject(subject)).toBe(name);
  });

  it('finds the ticket in a subject', () => {
    expect(ticketOf('Re: x [#0123456789ABCDEF01234567]')).toBe('0123456789abcdef01234567');
    expect(ticketOf('[#12] x')).toBeNull();
  });
});
