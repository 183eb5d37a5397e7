import 'reflect-metadata';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LoggerModule } from 'nestjs-pino';
import { CommonModule } from '../common/common.module.js';
import { AppError, errorMessage, invalidInput } from '../common/errors.js';
import { loggerOptions } from '../common/logging.js';
import type { AppConfig } from '../config/app-config.js';
import { ConfigModule } from '../config/config.module.js';
import { loadConfig } from '../config/load-config.js';
import { ConfigError } from '../config/secret-rules.js';
import { DatabaseModule } from '../database/database.module.js';
import { StoreService } from '../database/store.service.js';
import { ImportService, mailsOf } from '../mail/intake/import.service.js';
import { IntakeModule } from '../mail/intake/intake.module.js';
import { MailboxBootstrap } from '../mail/mailbox/mailbox-bootstrap.service.js';

const USAGE = 'usage: npm run import-mail -- [--mailbox ID] FILE|FOLDER...    (.eml, .mbox, or a Maildir)';
const EXIT_USAGE = 64;

/** Only what taking in mail needs; nothing is started, so this can run beside the program. */
@Module({})
class ImportModule {
  static forRoot(config: AppConfig): DynamicModule {
    const logger = LoggerModule.forRoot(loggerOptions('warn'));
    return {
      module: ImportModule,
      imports: [CommonModule, ConfigModule.forRoot(config), logger, DatabaseModule, IntakeModule],
    };
  }
}

/** Mail files below a folder in a stable order; in a Maildir they have no suffix. */
function* mailFiles(path: string): Generator<string> {
  if (!statSync(path).isDirectory()) {
    yield path;
    return;
  }
  for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) yield* mailFiles(child);
    else if (entry.isFile() && isMailFile(child)) yield child;
  }
}

const isMailFile = (path: string): boolean =>
  /\.(eml|mbox)$/i.test(path) || ['cur', 'new'].includes(basename(dirname(path)));

async function importAll(config: AppConfig, paths: string[], mailboxId: string | undefined): Promise<string> {
  const app = await NestFactory.create(ImportModule.forRoot(config), { logger: false, abortOnError: false });
  const store = app.get(StoreService);
  try {
    await store.open();
    await app.get(MailboxBootstrap).run();
    const imports = app.get(ImportService);
    const mailbox = await imports.mailboxFor(mailboxId);
    const counts = { files: 0, taken: 0, known: 0, refused: 0 };
    for (const file of paths.flatMap((path) => [...mailFiles(path)])) {
      const { items, refused } = await imports.importMails(mailbox, mailsOf(readFileSync(file)));
      counts.files++;
      counts.taken += items.filter((item) => item.isNew).length;
      counts.known += items.filter((item) => !item.isNew).length;
      counts.refused += refused;
    }
    return `${counts.files} files: ${counts.taken} mails taken in, ${counts.known} known already, ${counts.refused} refused`;
  } finally {
    await store.onApplicationShutdown();
  }
}

/** `npm run import-mail`: takes mails from files into a mailbox; again means nothing twice. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { mailbox: { type: 'string' } }, allowPositionals: true });
  if (positionals.length === 0) throw invalidInput(USAGE);
  console.log(await importAll(loadConfig(), positionals, values.mailbox));
}

main().catch((error: unknown) => {
  console.error(errorMessage(error));
  if (error instanceof ConfigError) process.exit(ConfigError.EXIT_CODE);
  process.exit(error instanceof AppError && error.code === 'INVALID_INPUT' ? EXIT_USAGE : 1);
});
