import { parseMime } from './parse-mime';

const report = (
  status: string,
  original = 'Message-ID: <our@shop.test>\r\nSubject: Re: x\r\n\r\nquotes <other@x.test>',
) =>
  parseMime(
    Buffer.from(
      'From: mailer-daemon@mx.test\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n' +
        '--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n' +
        `--b\r\nContent-Type: message/delivery-status\r\n\r\n${status}\r\n` +
        `--b\r\nContent-Type: message/rfc822\r\n\r\n${original}\r\n--b--\r\n`,
    ),
  ).then(({ mail }) => mail.deliveryReport);

describe('deliveryReport (RFC 3464)', () => {
  it('reads action, status, recipient, diagnostic and the mail that it is about', async () => {
    const status =
      'Reporting-MTA: dns; mx.test\r\n\r\nFinal-Recipient: rfc822; Ann@X.test\r\nAction: Failed\r\n' +
      'Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1\r\n no such user\r\n';
    expect(await report(status)).toEqual({
      action: 'failed',
      status: '5.1.1',
      recipient: 'ann@x.test',
      diagnostic: '550 5.1.1 no such user',
      originalMessageId: '<our@shop.test>',
    });
  });

  it('takes the recipient that failed before one that is delayed', async () => {
    const status =
      'Reporting-MTA: dns; mx.test\r\n\r\nFinal-Recipient: rfc822; a@x.test\r\nAction: delayed\r\nStatus: 4.4.1\r\n\r\n' +
      'Final-Recipient: rfc822; b@x.test\r\nAction: failed (bad address)\r\nStatus: 5.0.0\r\n';
    expect(await report(status)).toMatchObject({ action: 'failed', recipient: 'b@x.test', status: '5.0.0' });
  });

  it.each(['delayed', 'delivered', 'relayed', 'expanded'])('tells %s from failed', async (action) => {
    expect(await report(`X: y\r\n\r\nFinal-Recipient: rfc822; a@x.test\r\nAction: ${action}\r\n`)).toMatchObject({
      action,
    });
  });

  it('leaves open what is missing or junk', async () => {
    expect(
      await report('X: y\r\n\r\nFinal-Recipient: rfc822; not an address\r\nStatus: bad\r\n', 'no headers'),
    ).toEqual({
      action: 'failed',
      status: null,
      recipient: null,
      diagnostic: null,
      originalMessageId: null,
    });
    expect(await report('X: y\r\n')).toBeNull();
  });
});
