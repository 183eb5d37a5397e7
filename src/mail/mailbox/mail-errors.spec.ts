import { AppError } from '../../common/errors.js';
import { toMailError } from './mail-errors.js';

const thrown = (message: string, fields: Record<string, unknown>): Error => Object.assign(new Error(message), fields);

describe('toMailError', () => {
  // Real errors of imapflow 2.10.2 and nodemailer 10.6.0 beside what they become.
  it.each([
    [
      'MAIL_AUTH',
      false,
      thrown('Command failed', { authenticationFailed: true, serverResponseCode: 'AUTHENTICATIONFAILED' }),
    ],
    ['MAIL_AUTH', false, thrown('Command failed', { authenticationFailed: true })],
    ['MAIL_AUTH', false, thrown('Invalid login: 535 5.7.8', { code: 'EAUTH', responseCode: 535 })],
    [
      'MAIL_CONNECTION',
      true,
      thrown('Command failed', { authenticationFailed: true, serverResponseCode: 'UNAVAILABLE' }),
    ],
    ['MAIL_CONNECTION', true, thrown('Invalid login: 454 4.7.0', { code: 'EAUTH', responseCode: 454 })],
    ['MAIL_CONNECTION', true, thrown('connect ECONNREFUSED 127.0.0.1:1', { code: 'ECONNREFUSED' })],
    ['MAIL_CONNECTION', true, thrown('Connection not available', { code: 'NoConnection' })],
    ['MAIL_LIMIT', true, thrown('Literal too large', { code: 'LiteralTooLarge' })],
    ['MAIL_CONNECTION', true, 'nonsense'],
    ['MAIL_CONNECTION', true, undefined],
  ])('%s (retryable %s)', (code, retryable, error) => {
    expect(toMailError(error)).toMatchObject({ code, retryable });
  });

  it('never repeats what the server said', () => {
    const error = thrown('user ada@example.org failed', {
      authenticationFailed: true,
      responseText: 'no such user ada@example.org',
    });
    expect(toMailError(error).message).toBe('The mail server refused the login: check user and password.');
  });

  it.each([
    [thrown('self-signed certificate', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), /certificate/],
    [thrown('Hostname/IP does not match', { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }), /certificate/],
    [thrown('connect ECONNREFUSED', { code: 'ESOCKET', originalCode: 'ECONNREFUSED' }), /host and port/],
    [thrown('Server does not support STARTTLS', {}), /STARTTLS/],
    [thrown('Command failed', { serverResponseCode: 'NONEXISTENT' }), /folder/],
  ])('says what to check', (error, text) => {
    expect(toMailError(error).message).toMatch(text);
  });

  it('leaves our own errors alone', () => {
    const error = new AppError('MAIL_LIMIT', 'x');
    expect(toMailError(error)).toBe(error);
  });
});
