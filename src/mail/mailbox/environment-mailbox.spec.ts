import { envSchema } from '../../config/env.schema.js';
import { environmentMailbox } from './environment-mailbox.js';
import { initialCursor } from './mailbox-defaults.js';

describe('environmentMailbox', () => {
  const read = (env: Record<string, string>) => environmentMailbox(envSchema.parse(env), 'PEM');

  it('is none without an address', () => {
    expect(read({ MAILBOX_IMAP_HOST: 'imap.example.org' })).toBeNull();
  });

  it('takes name, users and SMTP password from what is there', () => {
    const mailbox = read({
      MAILBOX_ADDRESS: 'Support@Example.org',
      MAILBOX_IMAP_HOST: 'imap.example.org',
      MAILBOX_IMAP_PASSWORD: 'imap password',
      MAILBOX_SMTP_HOST: 'smtp.example.org',
    });
    expect(mailbox?.settings).toEqual({ name: 'support@example.org', address: 'support@example.org', authservIds: [] });
    expect(mailbox?.imap).toMatchObject({ user: 'support@example.org', port: 993, security: 'tls', tlsCa: 'PEM' });
    expect(mailbox?.smtp).toMatchObject({ user: 'support@example.org', port: 587, plainSecret: 'imap password' });
  });

  it('reads nothing and captures replies when only the address is given', () => {
    expect(read({ MAILBOX_ADDRESS: 'support@example.org' })).toMatchObject({ imap: null, smtp: null, mode: 'review' });
  });
});

describe('initialCursor', () => {
  const now = new Date('2026-11-22T10:00:00Z');

  it.each([
    ['now', '2026-11-22T10:00:00.000Z'],
    ['day', '2026-11-21T10:00:00.000Z'],
    ['week', '2026-11-15T10:00:00.000Z'],
    ['all', undefined],
  ] as const)('%s', (fetchFrom, since) => {
    expect(initialCursor(fetchFrom, now).since?.toISOString()).toBe(since);
  });
});
