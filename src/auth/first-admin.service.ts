import { randomInt } from 'node:crypto';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { AppError } from '../common/errors.js';
import { AppConfig } from '../config/app-config.js';
import { ConfigError } from '../config/secret-rules.js';
import { AuditService } from './audit.service.js';
import { PasswordHasher } from './password-hasher.js';
import { passwordProblem } from './password-rules.js';
import { UserRepository } from './user.repository.js';
import { normalizeUsername, USERNAME_PATTERN } from './user.types.js';

/** The same on every replica, so that the primary key lets one of them win, whatever name each was given. */
const FIRST_ADMIN_ID = '0'.repeat(23) + '1';

const GENERATED_LENGTH = 20;
/** Without characters that look alike: it is read from a terminal. 20 of 55 are 115 bits. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';

export interface GeneratedAdmin {
  username: string;
  password: string;
}

const generatePassword = (): string =>
  Array.from({ length: GENERATED_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');

/** Makes the first administrator when there is no user at all. There is no default password. */
@Injectable()
export class FirstAdminService implements OnApplicationBootstrap {
  /** Set when this process made up a password: to be printed once, it is stored nowhere. */
  generated: GeneratedAdmin | null = null;

  constructor(
    private readonly users: UserRepository,
    private readonly hasher: PasswordHasher,
    private readonly audit: AuditService,
    private readonly config: AppConfig,
    @InjectPinoLogger(FirstAdminService.name) private readonly logger: PinoLogger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.config.servesApi) await this.ensure();
  }

  /**
   * Does nothing when there is a user. Several replicas may call it at the same time: one makes the account.
   * @throws ConfigError when ADMIN_USERNAME or ADMIN_PASSWORD cannot be used, or ADMIN_PASSWORD is missing with MONGO_URI
   */
  async ensure(): Promise<void> {
    if (!(await this.users.isEmpty())) return;
    const username = this.checkedUsername();
    const given = this.checkedPassword(username);
    const password = given ?? generatePassword();
    const passwordHash = await this.hasher.hash(password);
    try {
      await this.users.insert({ username, passwordHash, role: 'admin', disabled: false }, FIRST_ADMIN_ID);
    } catch (error) {
      if (error instanceof AppError && error.code === 'CONFLICT') return; // another replica made it
      throw error;
    }
    if (!given) this.generated = { username, password };
    await this.audit.record({ actor: 'system', action: 'user.create_first', target: `user:${FIRST_ADMIN_ID}` });
    this.logger.info({ userId: FIRST_ADMIN_ID, generated: !given }, 'first administrator created');
  }

  private checkedUsername(): string {
    const username = normalizeUsername(this.config.env.ADMIN_USERNAME);
    if (!USERNAME_PATTERN.test(username)) {
      throw new ConfigError('ADMIN_USERNAME may hold letters, digits and . _ @ + - only, at most 64');
    }
    return username;
  }

  /** The configured password, or null when one is to be made up. */
  private checkedPassword(username: string): string | null {
    const password = this.config.env.ADMIN_PASSWORD;
    if (!password) {
      if (this.config.isEmbedded) return null;
      throw new ConfigError('ADMIN_PASSWORD is not set and there is no user yet; set it for the first start');
    }
    const problem = passwordProblem(password, username);
    if (problem) throw new ConfigError(`ADMIN_PASSWORD cannot be used: ${problem}`);
    return password;
  }
}
