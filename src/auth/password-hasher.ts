import { hash, type Options, parseOptions, verify } from '@node-rs/argon2';
import { Injectable } from '@nestjs/common';
import { AppError } from '../common/errors.js';
import { AppConfig } from '../config/app-config.js';
import { normalizePassword } from './password-rules.js';

/** argon2id (the library's default), 64 MiB and 3 passes: above the least of the OWASP password storage sheet (19 MiB, 2). */
const PARAMETERS = { memoryCost: 65_536, timeCost: 3, parallelism: 1 } as const satisfies Options;
/** Suites log in hundreds of times; what they prove does not depend on the cost. */
const TEST_PARAMETERS = { memoryCost: 1024, timeCost: 1, parallelism: 1 } as const satisfies Options;

/** 3 x 64 MiB at most, and one of the four threads of libuv's pool stays free for files and DNS. */
const MAX_PARALLEL = 3;
/** Beyond this the wait would be longer than clients stay. */
const MAX_WAITING = 200;
const BUSY_RETRY_MS = 2_000;

/** What goes with a check, inside of its slot: whoever gets the slot next sees the outcome. */
export interface VerifyGuard {
  /** Runs before the hash; what it throws ends the check. */
  before(): Promise<void>;
  /** Runs when the password is wrong. */
  failed(): Promise<void>;
}

/** Hashes and checks passwords, a few at a time. */
@Injectable()
export class PasswordHasher {
  private readonly parameters: typeof PARAMETERS | typeof TEST_PARAMETERS;
  private readonly waiting: (() => void)[] = [];
  private running = 0;
  private dummyHash: Promise<string> | null = null;

  constructor(config: AppConfig) {
    this.parameters = config.env.NODE_ENV === 'test' ? TEST_PARAMETERS : PARAMETERS;
  }

  /** PHC string with a fresh salt. */
  hash(password: string): Promise<string> {
    return this.inSlot(() => this.rawHash(password));
  }

  /**
   * Whether the password is the hashed one. Without a hash (unknown user) it does the same work and answers false, so that
   * the time does not tell which names exist.
   * @throws AppError UNAVAILABLE when too many wait; whatever the guard throws
   */
  async verify(passwordHash: string | null, password: string, guard?: VerifyGuard): Promise<boolean> {
    const dummy = await (this.dummyHash ??= this.rawHash('no user has this password'));
    return this.inSlot(async () => {
      await guard?.before();
      const matches = (await verify(passwordHash ?? dummy, normalizePassword(password))) && passwordHash !== null;
      if (!matches) await guard?.failed();
      return matches;
    });
  }

  /** True for a hash made with other parameters than today's. */
  needsRehash(passwordHash: string): boolean {
    const { memoryCost, timeCost, parallelism } = parseOptions(passwordHash);
    return (
      memoryCost !== this.parameters.memoryCost ||
      timeCost !== this.parameters.timeCost ||
      parallelism !== this.parameters.parallelism
    );
  }

  private rawHash(password: string): Promise<string> {
    return hash(normalizePassword(password), this.parameters);
  }

  private async inSlot<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= MAX_PARALLEL) {
      if (this.waiting.length >= MAX_WAITING) {
        throw new AppError('UNAVAILABLE', 'Too many logins at once; try again in a moment.', {
          retryable: true,
          retryAfterMs: BUSY_RETRY_MS,
        });
      }
      await new Promise<void>((resolve) => this.waiting.push(resolve)); // the slot is handed over, `running` stays
    } else {
      this.running++;
    }
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }
}
