import { type FSWatcher, watch } from 'node:fs';
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { AppError, errorMessage } from '../../common/errors.js';
import { failpoint } from '../../common/failpoint.js';
import { newId } from '../../common/id.js';
import { AppConfig } from '../../config/app-config.js';
import { MailboxDirectory } from '../mailbox/mailbox-directory.service.js';
import { MailIntake } from './mail-intake.service.js';

const POLL_MS = 1000;
/** Larger files are refused unread: a mail of this size is a mistake. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;

/** Size and time of change of a file: the same at two looks means that nobody is writing any more. */
type Stamp = string;

/**
 * The drop folder: `.eml` files put there are taken in and moved to `done/`, what is no mail to `failed/` with the reason
 * beside it. A file stays where it is while the store is away.
 */
@Injectable()
export class DropFolderService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly dir: string;
  private readonly seen = new Map<string, Stamp>();
  private timer: NodeJS.Timeout | null = null;
  private watcher: FSWatcher | null = null;
  private looking: Promise<void> | null = null;

  constructor(
    private readonly directory: MailboxDirectory,
    private readonly intake: MailIntake,
    private readonly config: AppConfig,
    @InjectPinoLogger(DropFolderService.name) private readonly logger: PinoLogger,
  ) {
    this.dir = config.env.DROP_DIR || join(config.dataDir, 'drop');
  }

  async onApplicationBootstrap(): Promise<void> {
    if (this.config.runsWorkers) await this.start();
  }

  /** Makes the folders and begins to look. */
  async start(): Promise<void> {
    for (const dir of [this.dir, this.done, this.failed]) await mkdir(dir, { recursive: true, mode: 0o700 });
    this.timer = setInterval(() => void this.look(), POLL_MS);
    // Only a hint: network file systems tell nothing, the timer finds everything.
    this.watcher = watch(this.dir, () => void this.look()).on('error', () => this.watcher?.close());
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    this.watcher?.close();
    await this.looking;
  }

  /** One look at the folder; a look under way is joined. */
  look(): Promise<void> {
    this.looking ??= this.takeAll()
      .catch((error: unknown) => this.logger.warn({ error: errorMessage(error) }, 'drop folder: cannot be read'))
      .finally(() => (this.looking = null));
    return this.looking;
  }

  private get done(): string {
    return join(this.dir, 'done');
  }

  private get failed(): string {
    return join(this.dir, 'failed');
  }

  private async takeAll(): Promise<void> {
    const entries = await readdir(this.dir, { withFileTypes: true });
    const names = entries
      .filter((entry) => entry.isFile() && /^[^.].*\.eml$/i.test(entry.name))
      .map((entry) => entry.name);
    for (const name of this.seen.keys()) if (!names.includes(name)) this.seen.delete(name);
    for (const name of names.sort()) {
      if (await this.isFinished(name)) await this.take(name);
    }
  }

  private async isFinished(name: string): Promise<boolean> {
    const file = await stat(join(this.dir, name)).catch(() => null); // taken by another process meanwhile
    if (!file) return false;
    const stamp = `${file.size}:${file.mtimeMs}`;
    const isSame = this.seen.get(name) === stamp;
    this.seen.set(name, stamp);
    return isSame;
  }

  private async take(name: string): Promise<void> {
    try {
      const mailbox = await this.directory.defaultMailbox();
      const { emailId, isNew } = await this.intake.takeFile(mailbox, 'drop', await this.read(name));
      await failpoint('drop.before_move');
      await this.move(name, this.done);
      this.logger.info({ emailId, isNew }, 'mail taken in from the drop folder');
    } catch (error) {
      if (error instanceof AppError && !error.retryable) return this.fail(name, error);
      this.logger.warn({ error: errorMessage(error) }, 'drop folder: a mail waits for the next look');
    }
  }

  private async read(name: string): Promise<Buffer> {
    const path = join(this.dir, name);
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) throw new AppError('TOO_LARGE', `The file has more than ${MAX_FILE_BYTES} bytes.`);
    return readFile(path);
  }

  private async fail(name: string, error: AppError): Promise<void> {
    const moved = await this.move(name, this.failed);
    await writeFile(`${moved}.error.txt`, `${error.message}\n`);
    this.logger.warn({ code: error.code }, 'drop folder: a file was refused');
  }

  /** Moves without ever replacing an earlier file of the same name. @returns the new path */
  private async move(name: string, folder: string): Promise<string> {
    const { name: base, ext } = parse(name);
    const isTaken = await stat(join(folder, name)).then(
      () => true,
      () => false,
    );
    const target = join(folder, isTaken ? `${base}.${newId()}${ext}` : name);
    await rename(join(this.dir, name), target);
    this.seen.delete(name);
    return target;
  }
}
