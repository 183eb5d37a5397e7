import { readHeaders } from '../parse/header-block';
import { trustedAuthentication } from './authentication-results';

const OURS = 'Received: from x (x [1.2.3.4]) by mx.shop.test (Postfix) id 1; now\r\n';
const INNER = 'Received: from mx.shop.test by store.mx.shop.test; now\r\n';
const FOREIGN = 'Received: from bad by evil.test; now\r\n';
const AR = 'Authentication-Results: ';
const read = (headers: string, ids = ['mx.shop.test']) => trustedAuthentication(readHeaders(Buffer.from(headers)), ids);

describe('trustedAuthentication (RFC 8601)', () => {
  it('reads what our border server wrote', () => {
    const value =
      'mx.shop.test; dkim=fail header.d=a.test; dkim=pass header.d=x.test;\r\n\tspf=softfail smtp.mailfrom=a@x.test;\r\n' +
      ' dmarc=pass (p=reject dis=none) header.from=x.test\r\n';
    expect(read(`${AR}${value}${OURS}${FOREIGN}`)).toEqual({
      spf: 'softfail',
      dkim: 'pass',
      dmarc: 'pass',
      dmarcPolicy: null,
    });
  });

  it.each([
    ['dmarc=fail (p=reject dis=none) header.from=x.test', 'reject'],
    ['dmarc=fail (p=QUARANTINE sp=NONE dis=QUARANTINE) header.from=x.test', 'quarantine'],
    ['dmarc=fail policy.dmarc=reject header.from=x.test', 'reject'],
    ['dmarc=fail (p=none dis=none) header.from=x.test', 'none'],
    ['dmarc=fail header.from=x.test', null],
  ])('reads the policy of a failure: %s', (result, dmarcPolicy) => {
    expect(read(`${AR}mx.shop.test; ${result}\r\n${OURS}`)).toMatchObject({ dmarc: 'fail', dmarcPolicy });
  });

  it('believes the topmost of ours, not a forged one below it', () => {
    const forged = `${AR}mx.shop.test; dmarc=pass\r\n`;
    expect(read(`${AR}mx.shop.test; dmarc=fail\r\n${OURS}${forged}${FOREIGN}`)).toMatchObject({ dmarc: 'fail' });
  });

  it.each([
    ['only below the first foreign hop', `${OURS}${FOREIGN}${AR}mx.shop.test; dmarc=pass\r\n`],
    ['above it, but the first hop is foreign', `${FOREIGN}${AR}mx.shop.test; dmarc=pass\r\n`],
    [
      'below an inner hop that the sender made up',
      `${OURS}Received: by 2002:a05::1; x\r\n${AR}mx.shop.test; dmarc=pass\r\n`,
    ],
    ['our id as a prefix', `${AR}mx.shop.test.evil.test; dmarc=pass\r\n${OURS}`],
    ['our id in a comment', `${AR}evil.test (mx.shop.test); dmarc=pass\r\n${OURS}`],
    ['an unknown version', `${AR}mx.shop.test 2; dmarc=pass\r\n${OURS}`],
    ['a hop without a name', `Received: from x\r\n${AR}mx.shop.test; dmarc=pass\r\n`],
    ['too long', `${AR}mx.shop.test; dmarc=pass ${'x'.repeat(9000)}\r\n${OURS}`],
    ['none at all', OURS],
  ])('believes nothing: %s', (_what, headers) => {
    expect(read(headers)).toBeNull();
  });

  it('believes nothing without a configured id', () => {
    expect(read(`${AR}mx.shop.test; dmarc=pass\r\n${OURS}`, [])).toBeNull();
  });

  it.each([
    [
      'quoted id, comments, version 1',
      `${AR}(c) "MX.shop.test" 1 ; dmarc=pass (x;dmarc=fail) header.from=c\r\n`,
      'pass',
    ],
    ['a result in a comment', `${AR}mx.shop.test; dmarc=fail (dmarc=pass)\r\n`, 'fail'],
    ['no result', `${AR}mx.shop.test; none\r\n`, 'none'],
    ['an unregistered result', `${AR}mx.shop.test; dmarc=bestguesspass\r\n`, 'none'],
    [
      'a reason that looks like a result',
      `${AR}mx.shop.test; spf=fail reason="x; dmarc=pass" smtp.mailfrom=a\r\n`,
      'none',
    ],
    ['an escaped quote in a reason', `${AR}mx.shop.test; spf=fail reason="\\"; dmarc=pass;\\""\r\n`, 'none'],
    ['folded', `${AR}mx.shop.test;\r\n\tdkim=pass header.d=c;\r\n\tdmarc=pass header.from=c\r\n`, 'pass'],
  ])('reads strictly: %s', (_what, header, dmarc) => {
    expect(read(header + OURS)).toMatchObject({ dmarc });
  });

  it('looks below hops inside our own system, as large providers write them', () => {
    const gmail =
      'Received: by 2002:a05:6a20:1234:b0:1 with SMTP id x; now\r\nReceived: from x by mx.shop.test; now\r\n';
    expect(read(`${gmail}${AR}mx.shop.test; dmarc=pass\r\n${FOREIGN}`)).toMatchObject({ dmarc: 'pass' });
    expect(read(`${INNER}${OURS}${AR}mx.shop.test; dmarc=pass\r\n${FOREIGN}`)).toMatchObject({ dmarc: 'pass' });
  });
});
