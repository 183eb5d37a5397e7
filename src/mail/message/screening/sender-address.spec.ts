import { canonicalAddress, isRoleAddress } from './sender-address';

describe('canonicalAddress', () => {
  it.each([
    ['Ann <Ann@X.test>', 'ann@x.test'],
    ['ann+tag+more@x.test', 'ann@x.test'],
    ['prvs=1234abcd=ann@x.test', 'ann@x.test'],
    ['btv1==abc==ann@x.test', 'ann@x.test'],
    ['SRS0=HHH=TT=x.test=ann@forwarder.test', 'ann@x.test'],
    ['SRS0+HHH=TT=x.test=ann+a@forwarder.test', 'ann@x.test'],
    ['SRS1=GGG=first.test==HHH=TT=x.test=ann@second.test', 'ann@x.test'],
    ['+@x.test', '+@x.test'],
    ['<>', ''],
    ['MAILER-DAEMON', 'mailer-daemon'],
  ])('%s is %s', (raw, canonical) => {
    expect(canonicalAddress(raw)).toBe(canonical);
  });
});

describe('isRoleAddress', () => {
  it.each(['MAILER-DAEMON', 'postmaster@x.test', 'bounces+1=a@x.test', 'bounce-7@x.test', 'no_reply@x.test'])(
    '%s is one',
    (address) => {
      expect(isRoleAddress(address)).toBe(true);
    },
  );

  it.each(['ann@x.test', 'info@x.test', 'support@x.test', 'noah@x.test', 'request@x.test', 'reply@x.test', '<>'])(
    '%s is none',
    (address) => {
      expect(isRoleAddress(address)).toBe(false);
    },
  );
});
