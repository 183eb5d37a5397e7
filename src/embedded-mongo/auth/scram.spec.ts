import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { deriveCredentials, ScramConversation } from './scram.js';

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** The client side of RFC 5802, as a driver does it. */
function clientFinal(
  password: string,
  clientFirst: string,
  serverFirst: string,
): { message: string; signature: string } {
  const [, nonce = '', salt = '', iterations = ''] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(serverFirst) ?? [];
  const salted = pbkdf2Sync(password.normalize('NFKC'), Buffer.from(salt, 'base64'), Number(iterations), 32, 'sha256');
  const withoutProof = `c=biws,r=${nonce}`;
  const auth = `${clientFirst},${serverFirst},${withoutProof}`;
  const clientKey = hmac(salted, 'Client Key');
  const signature = hmac(createHash('sha256').update(clientKey).digest(), auth);
  const proof = Buffer.from(clientKey.map((byte, i) => byte ^ (signature[i] as number)));
  return {
    message: `${withoutProof},p=${proof.toString('base64')}`,
    signature: `v=${hmac(hmac(salted, 'Server Key'), auth).toString('base64')}`,
  };
}

describe('ScramConversation', () => {
  const credentials = deriveCredentials('mail', 'ﬁsh'); // NFKC makes "fish" of the ligature

  it('accepts who knows the password, and proves that it knows it too', () => {
    const conversation = new ScramConversation(credentials);
    const first = 'n=mail,r=clientnonce';
    const serverFirst = conversation.first(`n,,${first}`, true);
    const final = clientFinal('fish', first, serverFirst);
    expect(conversation.continue(final.message)).toBe(final.signature);
    expect(conversation).toMatchObject({ user: 'mail', done: true });
  });

  it('ends with an empty exchange for drivers that ask for it', () => {
    const conversation = new ScramConversation(credentials);
    const first = 'n=mail,r=abc';
    conversation.continue(clientFinal('fish', first, conversation.first(`n,,${first}`, false)).message);
    expect(conversation.done).toBe(false);
    expect(conversation.continue('')).toBe('');
    expect(conversation.done).toBe(true);
  });

  it.each([
    ['another password', 'mail', 'fisch'],
    ['another user', 'male', 'fish'],
  ])('refuses %s', (_, user, password) => {
    const conversation = new ScramConversation(credentials);
    const first = `n=${user},r=abc`;
    const final = clientFinal(password, first, conversation.first(`n,,${first}`, true));
    expect(() => conversation.continue(final.message)).toThrow(expect.objectContaining({ code: 18 }));
    expect(conversation.user).toBeNull();
  });

  it('refuses a proof made for another conversation', () => {
    const first = 'n=mail,r=abc';
    const earlier = new ScramConversation(credentials);
    const recorded = clientFinal('fish', first, earlier.first(`n,,${first}`, true)).message;
    const later = new ScramConversation(credentials);
    later.first(`n,,${first}`, true);
    expect(() => later.continue(recorded)).toThrow(expect.objectContaining({ code: 18 }));
  });

  it.each(['', 'n=mail', 'p=tls-unique,,n=mail,r=abc', 'n,a=admin,n=mail,r=abc'])(
    'refuses the beginning %j',
    (message) => {
      expect(() => new ScramConversation(credentials).first(message, true)).toThrow(
        expect.objectContaining({ code: 18 }),
      );
    },
  );
});
