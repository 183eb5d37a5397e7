import { hash } from '@node-rs/argon2';
import type { AppConfig } from '../config/app-config';
import { PasswordHasher } from './password-hasher';

const hasherFor = (nodeEnv: string): PasswordHasher => new PasswordHasher({ env: { NODE_ENV: nodeEnv } } as AppConfig);

describe('PasswordHasher', () => {
  const hasher = hasherFor('test');

  test('uses argon2id with 64 MiB and 3 passes outside of tests', async () => {
    expect(await hasherFor('production').hash('some password of mine')).toMatch(/^\$argon2id\$v=19\$m=65536,t=3,p=1\$/);
  });

  test('knows its own hash, also when the text is composed differently', async () => {
    const stored = await hasher.hash('Zwölf Boxkämpfer jagen');
    expect(await hasher.verify(stored, 'Zwo\u0308lf Boxka\u0308mpfer jagen')).toBe(true);
    expect(await hasher.verify(stored, 'zwölf Boxkämpfer jagen')).toBe(false);
  });

  test('reads the test vector of the reference implementation (phc-winner-argon2, test.c)', async () => {
    const vector = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4';
    expect(await hasher.verify(vector, 'password')).toBe(true);
    expect(await hasher.verify(vector, 'Password')).toBe(false);
    expect(hasher.needsRehash(vector)).toBe(true);
  });

  test('refuses any password of an unknown user, even the one behind the dummy hash', async () => {
    expect(await hasher.verify(null, 'no user has this password')).toBe(false);
  });

  test('takes as long for an unknown user as for a known one', async () => {
    const slow = hasherFor('production');
    const stored = await slow.hash('some password of mine');
    await slow.verify(null, 'makes the dummy hash');
    const timeOf = async (passwordHash: string | null): Promise<number> => {
      const start = performance.now();
      await slow.verify(passwordHash, 'wrong password');
      return performance.now() - start;
    };
    const known: number[] = [];
    const unknown: number[] = [];
    for (let n = 0; n < 5; n++) {
      known.push(await timeOf(stored));
      unknown.push(await timeOf(null));
    }
    // The fastest of each is the least disturbed by other work on the machine; without the dummy hash it is near 0.
    expect(Math.min(...unknown) / Math.min(...known)).toBeGreaterThan(0.5);
    expect(Math.min(...unknown) / Math.min(...known)).toBeLessThan(2);
  });

  test('asks for a new hash when any parameter differs', async () => {
    expect(hasher.needsRehash(await hasher.hash('some password of mine'))).toBe(false);
    const other = { memoryCost: 1024, timeCost: 1, parallelism: 1 };
    for (const change of [{ memoryCost: 2048 }, { timeCost: 2 }, { parallelism: 2 }]) {
      expect(hasher.needsRehash(await hash('some password of mine', { ...other, ...change }))).toBe(true);
    }
  });

  test('works on three at a time, in order, and refuses when 200 wait', async () => {
    const stored = await hasher.hash('some password of mine');
    await hasher.verify(null, 'makes the dummy hash');
    const started: number[] = [];
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const attempts = Array.from({ length: 203 }, (_, n) =>
      hasher.verify(stored, 'some password of mine', {
        before: () => {
          started.push(n);
          return gate;
        },
        failed: () => Promise.reject(new Error('the password is right')),
      }),
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(started).toEqual([0, 1, 2]);
    await expect(hasher.verify(stored, 'one too many')).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    open();
    expect(await Promise.all(attempts)).toEqual(Array.from({ length: 203 }, () => true));
    expect(started).toEqual(Array.from({ length: 203 }, (_, n) => n));
  });

  test('gives the slot back when the check before the hash throws', async () => {
    const refuse = { before: () => Promise.reject(new Error('blocked')), failed: () => Promise.resolve() };
    for (let n = 0; n < 10; n++) await expect(hasher.verify(null, 'x', refuse)).rejects.toThrow('blocked');
    expect(await hasher.verify(null, 'x')).toBe(false);
  });
});
