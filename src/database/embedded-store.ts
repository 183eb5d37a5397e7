import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../common/errors.js';

const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 25;
const RESTART_PAUSE_MS = 1000;
/** Exit code of the store when another live process holds the directory: use that one. */
const EXIT_DIRECTORY_IN_USE = 73;

interface Credentials {
  username: string;
  password: string;
}

interface ServerFile {
  port: number;
}

/**
 * The embedded store as a child process: started, watched and stopped by the process that opened it; a second process on
 * the same DATA_DIR (ROLE=api beside ROLE=worker) finds the first one's store and uses it.
 */
export class EmbeddedStore {
  private readonly dir: string;
  private child: ChildProcess | null = null;
  private stopping = false;
  private stderr = '';
  /** Kept over a restart, so that the driver finds the store again by itself; 0 lets the system choose. */
  private port = 0;

  /** @param dataDir absolute path of DATA_DIR @param onCrash told when the store ended unexpectedly; it is started again */
  constructor(
    dataDir: string,
    private readonly onCrash: () => void,
  ) {
    this.dir = join(dataDir, 'store');
  }

  /**
   * Starts the store, or joins the running one.
   * @returns the MongoDB URI, with the generated SCRAM secret
   * @throws AppError UNAVAILABLE with what the store said when it cannot start (corrupt file, no space ...)
   */
  async start(): Promise<string> {
    mkdirSync(this.dir, { recursive: true, mode: 0o700 });
    const running = await this.findRunning();
    this.port = running ?? (await this.spawn());
    return this.uri(this.port);
  }

  /** Stops the store if this process started it; its data is flushed. */
  async stop(): Promise<void> {
    this.stopping = true;
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
  }

  private get serverFile(): string {
    return join(this.dir, 'server.json');
  }

  private get credentialsFile(): string {
    return join(this.dir, 'credentials.json');
  }

  private async findRunning(): Promise<number | null> {
    try {
      const { port } = JSON.parse(readFileSync(this.serverFile, 'utf8')) as ServerFile;
      return (await accepts(port)) ? port : null;
    } catch {
      return null; // no file, or half written: nobody serves yet
    }
  }

  private async spawn(): Promise<number> {
    rmSync(this.serverFile, { force: true });
    this.ensureCredentials();
    this.stderr = '';
    const main = join(__dirname, '..', 'embedded-mongo', 'main.js');
    const child = spawn(
      process.execPath,
      [
        main,
        '--dir',
        this.dir,
        '--port',
        String(this.port),
        '--credentials-file',
        this.credentialsFile,
        '--parent-watch',
      ],
      // stdin stays open: the store ends when it closes, also after a kill -9 of this process.
      { stdio: ['pipe', 'ignore', 'pipe'], env: {} },
    );
    this.child = child;
    child.stderr.on('data', (chunk: Buffer) => (this.stderr = (this.stderr + chunk.toString()).slice(-2000)));
    child.once('exit', () => this.restartUnlessStopping(child));
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (Date.now() < deadline) {
      const port = await this.findRunning();
      if (port) return port;
      if (child.exitCode === EXIT_DIRECTORY_IN_USE) return this.waitForOther(deadline);
      if (child.exitCode !== null || child.signalCode !== null) break;
      await sleep(POLL_MS);
    }
    child.kill('SIGKILL');
    throw new AppError('UNAVAILABLE', `The embedded store did not start: ${this.stderr.trim() || 'it gave no reason'}`);
  }

  private async waitForOther(deadline: number): Promise<number> {
    while (Date.now() < deadline) {
      const port = await this.findRunning();
      if (port) return port;
      await sleep(POLL_MS);
    }
    throw new AppError('UNAVAILABLE', `Another process holds ${this.dir} but does not answer; stop it first.`);
  }

  private restartUnlessStopping(child: ChildProcess): void {
    // Before it ever listened, start() reports the failure; another holder of the directory is not a crash.
    if (this.stopping || this.child !== child || !existsSync(this.serverFile)) return;
    if (child.exitCode === EXIT_DIRECTORY_IN_USE) return;
    this.onCrash();
    const again = (): void => {
      if (!this.stopping) void this.spawn().catch(() => setTimeout(again, RESTART_PAUSE_MS));
    };
    again();
  }

  private ensureCredentials(): void {
    if (existsSync(this.credentialsFile)) return;
    const credentials: Credentials = { username: 'mailwright', password: randomBytes(24).toString('base64url') };
    writeFileSync(this.credentialsFile, JSON.stringify(credentials), { mode: 0o600, flag: 'wx' });
  }

  private uri(port: number): string {
    const { username, password } = JSON.parse(readFileSync(this.credentialsFile, 'utf8')) as Credentials;
    return `mongodb://${username}:${password}@127.0.0.1:${port}/mailwright?authSource=admin&replicaSet=rs0`;
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.setTimeout(500);
    const end = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false));
  });
}
