import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { transformFileSync } from '@swc/core';

const ROOT = resolve(__dirname, '../../../..');
const SOURCE = join(ROOT, 'src/embedded-mongo');
/** Below node_modules, so that the compiled files find their packages. */
const TARGET = join(ROOT, 'node_modules/.cache/embedded-mongo-build');

/** Compiles the store (types are not checked) and returns the path of its main file: tests need no build before them. */
export function compileServer(): string {
  for (const entry of readdirSync(SOURCE, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts') || entry.name.endsWith('.spec.ts')) continue;
    compileFile(join(entry.parentPath, entry.name));
  }
  return join(TARGET, 'main.js');
}

function compileFile(file: string): void {
  const target = join(TARGET, relative(SOURCE, file)).replace(/\.ts$/, '.js');
  if (existsSync(target) && statSync(target).mtimeMs > statSync(file).mtimeMs) return;
  mkdirSync(dirname(target), { recursive: true });
  const { code } = transformFileSync(file, {
    swcrc: false,
    jsc: { target: 'es2023', parser: { syntax: 'typescript' }, keepClassNames: true },
    module: { type: 'commonjs' },
  });
  writeFileSync(target, code);
}

export interface ServerProcess {
  child: ChildProcess;
  port: number;
  uri: string;
  /** Everything it wrote to standard error so far. */
  errors(): string;
  /** Sends the signal and resolves with the exit code (null when it was killed). */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts the server as a process of its own and waits until it listens. */
export async function spawnServer(dir: string, ...flags: string[]): Promise<ServerProcess> {
  const child = spawn(process.execPath, [compileServer(), '--dir', dir, '--port', '0', ...flags], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    child.once('exit', (code) => reject(new ServerExit(code, errors)));
  });
  const { port } = JSON.parse(readFileSync(join(dir, 'server.json'), 'utf8')) as { port: number };
  return {
    child,
    port,
    uri: `mongodb://127.0.0.1:${port}/?replicaSet=rs0`,
    errors: () => errors,
    end: (signal) => {
      child.kill(signal);
      return exited;
    },
  };
}

/** The process ended before it listened. */
export class ServerExit extends Error {
  constructor(
    readonly code: number | null,
    readonly output: string,
  ) {
    super(`server exited with ${code}: ${output}`);
  }
}
