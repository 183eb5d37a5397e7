import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

const MAIN = join(__dirname, '..', '..', 'dist', 'main.js');

export interface StartedProcess {
  url: string;
  /** All that it printed so far, stdout and stderr. */
  output(): string;
  /** Milliseconds from spawn to the ready line. */
  readyMs: number;
  child: ChildProcess;
  /** Resolves with the exit code, or the signal's name. */
  exited: Promise<number | string>;
  stop(signal?: NodeJS.Signals): Promise<number | string>;
}

const READY = /Mailwright is ready at (http:\/\/[^/]+)\//;

/** Spawns the built program (dist/main.js) with only the given variables and PATH; resolves when it exits or is ready. */
export async function spawnMain(
  env: Record<string, string>,
): Promise<{ started: StartedProcess | null; output: string; code: number | string | null }> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['--enable-source-maps', MAIN], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const exited = new Promise<number | string>((resolve) =>
    child.once('exit', (code, signal) => resolve(signal ?? code ?? -1)),
  );
  const ready = new Promise<string | null>((resolve) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const match = READY.exec(output);
      if (match) resolve(match[1]!);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    void exited.then(() => resolve(null));
  });
  const url = await ready;
  if (!url) return { started: null, output, code: await exited };
  const started: StartedProcess = {
    url,
    output: () => output,
    readyMs: performance.now() - startedAt,
    child,
    exited,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      return exited;
    },
  };
  return { started, output, code: null };
}

/** Spawns the program and fails the test with what it printed when it does not become ready. */
export async function startProcess(env: Record<string, string>): Promise<StartedProcess> {
  const { started, output, code } = await spawnMain(env);
  if (!started) throw new Error(`the process ended with ${code}:\n${output}`);
  return started;
}
