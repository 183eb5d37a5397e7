import { createHmac, createPublicKey, createSign, generateKeyPairSync, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { Clock } from '../common/clock';
import { newId } from '../common/id';
import type { AppConfig } from '../config/app-config';
import { AccessTokenService, keyId } from './access-token.service';

const SECRET = randomBytes(48).toString('base64url');
const PREVIOUS = randomBytes(48).toString('base64url');
const NOW = new Date('2026-03-01T12:00:00.400Z');
const nowSeconds = Math.floor(NOW.getTime() / 1000);

class FixedClock extends Clock {
  time = NOW;
  override now(): Date {
    return this.time;
  }
}

const clock = new FixedClock();
const serviceFor = (jwtSecret: string, previous = ''): AccessTokenService =>
  new AccessTokenService(
    { secrets: { jwtSecret }, env: { JWT_SECRET_PREVIOUS: previous, ACCESS_TOKEN_EXPIRE_MINUTES: 15 } } as AppConfig,
    clock,
  );
const service = serviceFor(SECRET, PREVIOUS);

const claims = { userId: newId(), sessionId: newId(), tokenVersion: 3 };
const goodHeader = { alg: 'HS256', typ: 'at+jwt', kid: keyId(SECRET) };
const goodPayload = {
  iss: 'mailwright',
  aud: 'mailwright-api',
  sub: claims.userId,
  sid: claims.sessionId,
  ver: claims.tokenVersion,
  iat: nowSeconds,
  exp: nowSeconds + 900,
};

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const hmac = (text: string, key: string | Buffer = SECRET, hash = 'sha256'): string =>
  createHmac(hash, key).update(text).digest('base64url');

/** A token made by hand, signed as HS256 with SECRET whatever its header says. */
function forge(header: object = {}, payload: object = {}, key: string | Buffer = SECRET, hash = 'sha256'): string {
  const text = `${encode({ ...goodHeader, ...header })}.${encode({ ...goodPayload, ...payload })}`;
  return `${text}.${hmac(text, key, hash)}`;
}

const rejected = { code: 'UNAUTHENTICATED' };

afterEach(() => (clock.time = NOW));

describe('a token of ours', () => {
  test('comes back as the claims it was issued for', () => {
    const { token, expiresInSeconds } = service.issue(claims);
    expect(expiresInSeconds).toBe(900);
    expect(service.verify(token)).toEqual(claims);
  });

  test('has the header and the claims of RFC 9068, and an id of its own', () => {
    const [head, body] = service.issue(claims).token.split('.');
    const decode = (part: string): object => JSON.parse(Buffer.from(part, 'base64url').toString()) as object;
    expect(decode(head!)).toEqual(goodHeader);
    expect(decode(body!)).toEqual({ ...goodPayload, jti: expect.any(String) });
    expect(service.issue(claims).token).not.toBe(service.issue(claims).token);
  });

  test('is what the forger of this suite makes: its other tokens are refused for what they change', () => {
    expect(service.verify(forge())).toEqual(claims);
  });

  test('lives to its end and the tolerance of 5 s', () => {
    const { token } = service.issue(claims);
    clock.time = new Date((nowSeconds + 900 + 4) * 1000);
    expect(service.verify(token)).toEqual(claims);
    clock.time = new Date((nowSeconds + 900 + 5) * 1000);
    expect(() => service.verify(token)).toThrow('The access token has expired.');
  });

  test('survives one change of the secret, not two', () => {
    const { token } = serviceFor(PREVIOUS).issue(claims);
    expect(service.verify(token)).toEqual(claims);
    expect(() => serviceFor(SECRET).verify(token)).toThrow(expect.objectContaining(rejected));
  });
});

describe('attacks', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const publicPem = createPublicKey(rsa.privateKey).export({ type: 'spki', format: 'pem' }).toString();
  const signedBy = (header: object, sign: (text: string) => string): string => {
    const text = `${encode({ ...goodHeader, ...header })}.${encode(goodPayload)}`;
    return `${text}.${sign(text)}`;
  };

  test.each<[string, string]>([
    ['empty', ''],
    ['no JWT', 'abc'],
    ['header is no JSON', 'YWJj.YWJj.YWJj'],
    ['header is null', `${encode(null)}.${encode(goodPayload)}.${hmac('x')}`],
    ['two parts', forge().split('.').slice(0, 2).join('.')],
    ['four parts', `${forge()}.x`],
    ['alg none without a signature', signedBy({ alg: 'none' }, () => '')],
    ['alg None', signedBy({ alg: 'None' }, () => '')],
    ['alg none with our signature', forge({ alg: 'none' })],
    ['alg HS256, signature empty', signedBy({}, () => '')],
    ['alg missing', forge({ alg: undefined })],
    ['alg HS512, rightly signed', forge({ alg: 'HS512' }, {}, SECRET, 'sha512')],
    [
      'alg RS256 by a stranger',
      signedBy({ alg: 'RS256' }, (text) => createSign('RSA-SHA256').update(text).sign(rsa.privateKey, 'base64url')),
    ],
    ['public key used as HMAC secret', forge({}, {}, publicPem)],
    [
      'public key offered in the header (jwk)',
      forge({ jwk: { kty: 'oct', k: Buffer.from('mine').toString('base64url') } }, {}, 'mine'),
    ],
    ['key behind an address (jku)', forge({ jku: 'https://attacker.example/keys' }, {}, 'mine')],
    ['certificate behind an address (x5u)', forge({ x5u: 'https://attacker.example/cert' }, {}, 'mine')],
    ['another secret', forge({}, {}, randomBytes(48).toString('base64url'))],
    ['empty secret', forge({}, {}, '')],
    ['unknown kid', forge({ kid: 'deadbeef' })],
    ['kid of the previous key, signed by the current', forge({ kid: keyId(PREVIOUS) })],
    ['kid missing', forge({ kid: undefined })],
    ['kid as a path', forge({ kid: '../../dev/null' }, {}, '')],
    ['kid as a property of every object', forge({ kid: '__proto__' })],
    ['typ JWT', forge({ typ: 'JWT' })],
    ['typ of a refresh token', forge({ typ: 'rt+jwt' })],
    ['typ missing', forge({ typ: undefined })],
    ['critical extension that we do not know', forge({ crit: ['b64'], b64: false })],
    ['wrong issuer', forge({}, { iss: 'mailwright.example' })],
    ['issuer missing', forge({}, { iss: undefined })],
    ['wrong audience', forge({}, { aud: 'mailwright' })],
    ['audience missing', forge({}, { aud: undefined })],
    ['expired', forge({}, { exp: nowSeconds - 6 })],
    ['without an end', forge({}, { exp: undefined })],
    ['end as text', forge({}, { exp: String(nowSeconds + 900) })],
    ['not valid yet', forge({}, { nbf: nowSeconds + 60 })],
    ['subject missing', forge({}, { sub: undefined })],
    ['subject as an operator', forge({}, { sub: { $gt: '' } })],
    ['session missing', forge({}, { sid: undefined })],
    ['version missing', forge({}, { ver: undefined })],
    ['version as text', forge({}, { ver: '3' })],
    ['payload is text', `${encode(goodHeader)}.${encode('text')}.${hmac(`${encode(goodHeader)}.${encode('text')}`)}`],
    ['longer than ours can be', forge({}, { padding: 'x'.repeat(3000) })],
    ['a blank behind', `${forge()} `],
    ['padding behind the signature', `${forge()}=`],
  ])('%s', (_name, token) => {
    expect(() => service.verify(token)).toThrow(expect.objectContaining(rejected));
  });

  test('any flipped bit, removed or added character', () => {
    const { token } = service.issue(claims);
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.nat(6), fc.constantFrom('flip', 'remove', 'add'), (place, bit, kind) => {
        const flipped = String.fromCharCode(token.charCodeAt(place) ^ (1 << bit));
        const middle = { flip: flipped, remove: '', add: token[place]! + flipped }[kind];
        const changed = token.slice(0, place) + middle + token.slice(place + 1);
        expect(() => service.verify(changed)).toThrow(expect.objectContaining(rejected));
      }),
      { numRuns: 1000 },
    );
  });

  test('any bytes at all', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(fc.base64String(), { maxLength: 5 }).map((parts) => parts.join('.')),
        ),
        (text) => {
          expect(() => service.verify(text)).toThrow(expect.objectContaining(rejected));
        },
      ),
    );
  });
});
