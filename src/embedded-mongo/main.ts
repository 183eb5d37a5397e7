import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCommandLine, USAGE, UsageError, type CommandLine } from './options.js';
import { startServer, type EmbeddedServer, type StartOptions } from './server.js';
import { backupDirectory } from './storage/backup.js';
import { CorruptStoreError } from './storage/file-check.js';
import { DirectoryInUseError } from './storage/lock-file.js';

const EXIT = { usage: 64, failed: 70, inUse: 73, corrupt: 74 } as const;
const INFO_FILE = 'server.json';

async function main(): Promise<void> {
  const line = parseCommandLine(process.argv.slice(2));
  if (line.backup) {
    await backupDirectory(line.dir, line.backup);
    process.stdout.write(`embedded-mongo copied ${line.dir} to ${line.backup}\n`);
    return;
  }
  const server = await startServer(startOptions(line));
  const stop = (): void => void shutDown(server, line.dir);
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  if (line.parentWatch) watchParent(stop);
  // Last of all: whoever reads the line may send a signal at once.
  writeInfo(line.dir, server);
  process.stdout.write(`embedded-mongo listening on ${server.host}:${server.port}\n`);
}

function startOptions({ dir, port, host, testCommands, credentialsFile }: CommandLine): StartOptions {
  const credentials = credentialsFile === undefined ? undefined : readCredentials(credentialsFile);
  return { dir, port, host, testCommands, credentials };
}

/** @throws UsageError when others could read the file or it holds something else */
function readCredentials(file: string): { username: string; password: string } {
  const { mode } = statSync(file);
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new UsageError(`${file} can be read by others: its mode must be 0600`);
  }
  const { username, password } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  if (typeof username !== 'string' || typeof password !== 'string' || username === '' || password === '') {
    throw new UsageError(`${file} must hold {"username", "password"}`);
  }
  return { username, password };
}

/** Written whole and then renamed: a reader never sees half of it. */
function writeInfo(dir: string, server: EmbeddedServer): void {
  const file = join(dir, INFO_FILE);
  const info = { pid: process.pid, port: server.port, host: server.host, startedAt: new Date().toISOString() };
  writeFileSync(`${file}.new`, JSON.stringify(info), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

async function shutDown(server: EmbeddedServer, dir: string): Promise<void> {
  rmSync(join(dir, INFO_FILE), { force: true });
  await server.stop();
  process.exit(0);
}

/** A child must not outlive the process that started it, also when that one was killed. */
function watchParent(stop: () => void): void {
  process.stdin.resume();
  process.stdin.once('end', stop);
  process.stdin.once('close', stop);
  process.stdin.once('error', stop);
}

function fail(error: unknown): never {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`embedded-mongo: ${message}\n`);
  if (error instanceof UsageError) process.stderr.write(`${USAGE}\n`);
  if (error instanceof DirectoryInUseError) process.exit(EXIT.inUse);
  if (error instanceof CorruptStoreError) process.exit(EXIT.corrupt);
  process.exit(error instanceof UsageError ? EXIT.usage : EXIT.failed);
}

main().catch(fail);
