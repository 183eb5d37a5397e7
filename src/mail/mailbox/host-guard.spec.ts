import { AppConfig } from '../../config/app-config.js';
import { envSchema } from '../../config/env.schema.js';
import { HostGuard, reachOf } from './host-guard.js';

describe('reachOf', () => {
  it.each([
    ['93.184.215.14', 'public'],
    ['2606:2800:21f:cb07:6820:80da:af6b:8b2c', 'public'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['10.1.2.3', 'private'],
    ['172.31.0.1', 'private'],
    ['172.32.0.1', 'public'],
    ['192.168.178.1', 'private'],
    ['100.64.0.1', 'private'],
    ['fd12:3456::1', 'private'],
    ['::ffff:10.0.0.1', 'private'],
    ['64:ff9b::10.0.0.1', 'private'],
    ['2002:0a00:0001::1', 'private'],
    ['169.254.169.254', 'forbidden'],
    ['::ffff:169.254.169.254', 'forbidden'],
    ['64:ff9b::a9fe:a9fe', 'forbidden'],
    ['2002:a9fe:a9fe::', 'forbidden'],
    ['fe80::1%eth0', 'forbidden'],
    ['fd00:ec2::254', 'forbidden'],
    ['100.100.100.200', 'forbidden'],
    ['0.0.0.0', 'forbidden'],
    ['::', 'forbidden'],
    ['224.0.0.1', 'forbidden'],
    ['255.255.255.255', 'forbidden'],
  ])('%s is %s', (address, reach) => {
    expect(reachOf(address)).toBe(reach);
  });
});

describe('HostGuard', () => {
  const guardWith = (allowPrivate: boolean, answers?: string[]): HostGuard => {
    const env = envSchema.parse({ ALLOW_PRIVATE_HOSTS: String(allowPrivate) });
    const guard = new HostGuard(
      new AppConfig(env, { jwtSecret: '', credentialsKey: '' }, '/nonexistent', false, false),
    );
    if (answers) guard.resolve = () => Promise.resolve(answers);
    return guard;
  };

  it('gives the address that was checked, and the name for the certificate', async () => {
    const checked = await guardWith(false, ['93.184.215.14']).check('mail.example.org');
    expect(checked).toEqual({ address: '93.184.215.14', servername: 'mail.example.org', isLoopback: false });
  });

  it.each(['127.1', '0x7f.1', '2130706433'])('sees through %s', async (host) => {
    expect(await guardWith(true).check(host)).toMatchObject({ address: '127.0.0.1', isLoopback: true });
    await expect(guardWith(false).check(host)).rejects.toThrow(/ALLOW_PRIVATE_HOSTS/);
  });

  it('refuses a name when only one of its addresses is bad', async () => {
    await expect(guardWith(true, ['93.184.215.14', '169.254.169.254']).check('x.example')).rejects.toThrow(/metadata/);
    await expect(guardWith(false, ['93.184.215.14', '10.0.0.1']).check('x.example')).rejects.toThrow(/private/);
  });

  it('allows private hosts where they are allowed, metadata never', async () => {
    expect(await guardWith(true, ['10.0.0.1']).check('mail.corp')).toMatchObject({ isLoopback: false });
    await expect(guardWith(true, ['169.254.169.254']).check('metadata')).rejects.toMatchObject({
      code: 'MAIL_CONNECTION',
    });
  });

  it('calls a name that cannot be resolved a passing trouble', async () => {
    const guard = guardWith(true);
    guard.resolve = () => Promise.reject(new Error('ENOTFOUND'));
    await expect(guard.check('x.example')).rejects.toMatchObject({ code: 'MAIL_CONNECTION', retryable: true });
    await expect(guardWith(true, []).check('x.example')).rejects.toMatchObject({ retryable: true });
  });
});
