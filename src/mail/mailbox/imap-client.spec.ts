import { imapOptions } from './imap-client.js';
import type { ImapSettings } from './mailbox.types.js';
import { smtpAuth, smtpOptions } from './smtp-options.js';

const settings = (changes: Partial<ImapSettings> = {}): ImapSettings => ({
  host: 'mail.example.org',
  port: 993,
  security: 'tls',
  user: 'support',
  auth: 'password',
  secret: 'sealed',
  tlsCa: null,
  folder: 'INBOX',
  fetchFrom: 'now',
  sentFolder: null,
  ...changes,
});
const REMOTE = { address: '93.184.215.14', servername: 'mail.example.org', isLoopback: false };
const LOOPBACK = { address: '127.0.0.1', servername: undefined, isLoopback: true };

describe('imapOptions', () => {
  it('connects to the checked address, but asks for a certificate of the name', () => {
    const options = imapOptions(settings(), REMOTE, 'plain', 1000);
    expect(options).toMatchObject({
      host: '93.184.215.14',
      servername: 'mail.example.org',
      secure: true,
      logger: false,
    });
    expect(options.tls).toMatchObject({ rejectUnauthorized: true, minVersion: 'TLSv1.2' });
    expect(imapOptions(settings(), LOOPBACK, 'plain', 1000)).not.toHaveProperty('servername');
  });

  it('insists on STARTTLS instead of taking it when offered', () => {
    expect(imapOptions(settings({ security: 'starttls' }), REMOTE, 'plain', 1000)).toMatchObject({
      secure: false,
      doSTARTTLS: true,
    });
  });

  it('speaks without TLS on loopback only', () => {
    expect(() => imapOptions(settings({ security: 'none' }), REMOTE, 'plain', 1000)).toThrow(/loopback only/);
    expect(imapOptions(settings({ security: 'none' }), LOOPBACK, 'plain', 1000)).toMatchObject({ doSTARTTLS: false });
  });

  it('passes a password or a token', () => {
    expect(imapOptions(settings(), REMOTE, 'plain', 1000).auth).toEqual({ user: 'support', pass: 'plain' });
    const auth = imapOptions(settings({ auth: 'xoauth2' }), REMOTE, 'plain', 1000).auth;
    expect(auth).toEqual({ user: 'support', accessToken: 'plain' });
  });

  it('lets the largest mail through and not much more', () => {
    const { maxLiteralSize, maxResponseSize } = imapOptions(settings(), REMOTE, 'plain', 25_000_000);
    expect(maxLiteralSize).toBeGreaterThan(25_000_000);
    expect(maxResponseSize).toBeGreaterThan(maxLiteralSize!);
    expect(maxResponseSize).toBeLessThan(30_000_000);
  });
});

describe('smtpOptions', () => {
  it.each([
    ['tls', { secure: true, requireTLS: false, ignoreTLS: false }],
    ['starttls', { secure: false, requireTLS: true, ignoreTLS: false }],
  ] as const)('forces %s', (security, expected) => {
    const options = smtpOptions(settings({ security }), REMOTE);
    expect(options).toMatchObject({ host: '93.184.215.14', ...expected });
    expect(options.tls).toMatchObject({ servername: 'mail.example.org', rejectUnauthorized: true });
  });

  it('speaks without TLS on loopback only', () => {
    expect(() => smtpOptions(settings({ security: 'none' }), REMOTE)).toThrow(/loopback only/);
    expect(smtpOptions(settings({ security: 'none' }), LOOPBACK)).toMatchObject({ ignoreTLS: true });
  });

  it('logs in with a password, a token or not at all', () => {
    expect(smtpAuth(settings(), 'plain')).toEqual({ user: 'support', pass: 'plain' });
    expect(smtpAuth(settings({ auth: 'xoauth2' }), 'token')).toEqual({
      type: 'OAuth2',
      user: 'support',
      accessToken: 'token',
    });
    expect(smtpAuth(settings(), null)).toBeNull();
  });
});
