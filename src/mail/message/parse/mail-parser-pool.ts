import type { OnApplicationShutdown } from '@nestjs/common';
import type { Worker } from 'node:worker_threads';
import { AppError } from '../../../common/errors.js';
import type { ParsedOutcome } from './parsed-outcome.types.js';
import type { ParseAnswer, ParseRequest } from './parser-protocol.types.js';
import { startParserWorker } from './start-parser-worker.js';

export interface ParserPoolOptions {
  /** Longest one mail may take, in milliseconds. */
  timeoutMs: number;
  /** Longest the thread may take to start. */
  startTimeoutMs: number;
  heapMb: number;
  startWorker: typeof startParserWorker;
}

const DEFAULTS: ParserPoolOptions = {
  timeoutMs: 10_000,
  startTimeoutMs: 60_000,
  heapMb: 192,
  startWorker: startParserWorker,
};
/** Recursive parsers need some; the default of a thread overflows earlier than that of a process. */
const STACK_MB = 4;

interface Job {
  bytes: Uint8Array;
  resolve(outcome: ParsedOutcome): void;
  reject(error: Error): void;
}

/**
 * One worker thread that parses one mail at a time, with hard limits. A mail that takes too long, fills the heap or stops
 * the thread fails alone: the thread is replaced and the next mail is parsed. One thread, because a mail takes milliseconds
 * and the main thread needs the other cores.
 */
export class MailParserPool implements OnApplicationShutdown {
  private readonly options: ParserPoolOptions;
  private readonly queue: Job[] = [];
  private current: Job | null = null;
  private worker: Worker | null = null;
  private timer: NodeJS.Timeout | undefined;
  private requests = 0;
  private isClosed = false;

  constructor(options: Partial<ParserPoolOptions> = {}) {
    this.options = { ...DEFAULTS, ...options };
  }

  /**
   * Parses one mail. The memory of `bytes` may move to the thread: do not use it afterwards.
   * @throws AppError MAIL_LIMIT or MAIL_UNPARSEABLE (not retryable: the same bytes will fail again), UNAVAILABLE (retryable)
   *   when the thread cannot start or the process shuts down, or the signal's reason
   */
  parse(bytes: Uint8Array, { signal }: { signal?: AbortSignal } = {}): Promise<ParsedOutcome> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      if (this.isClosed) return reject(stopping());
      const job: Job = { bytes, resolve, reject };
      this.queue.push(job);
      // A mail that is being parsed is let finish: it takes milliseconds, and a new thread more.
      signal?.addEventListener('abort', () => this.drop(job, signal.reason as Error), { once: true });
      this.next();
    });
  }

  async onApplicationShutdown(): Promise<void> {
    this.isClosed = true;
    for (const job of this.queue.splice(0)) job.reject(stopping());
    this.settle((job) => job.reject(stopping()));
    await this.retireWorker();
  }

  private drop(job: Job, reason: Error): void {
    const position = this.queue.indexOf(job);
    if (position >= 0) this.queue.splice(position, 1);
    job.reject(reason);
  }

  private next(): void {
    if (this.current || this.isClosed) return;
    const job = this.queue.shift();
    if (!job) {
      // An idle thread must not keep the process alive.
      this.worker?.unref();
      return;
    }
    this.current = job;
    if (this.worker) this.send(job);
    else this.start(job);
  }

  private start(job: Job): void {
    const worker = this.options.startWorker({ maxOldGenerationSizeMb: this.options.heapMb, stackSizeMb: STACK_MB });
    this.worker = worker;
    this.setTimer(this.options.startTimeoutMs, unavailable('did not start in time'));
    let isReady = false;
    let cause: Error | undefined;
    worker.on('error', (error: Error) => (cause = error));
    worker.on('exit', () => {
      // A thread that was replaced has nothing to say any more.
      if (worker !== this.worker) return;
      this.worker = null;
      this.settle((running) => running.reject(isReady ? died(cause) : unavailable('could not start', cause)));
      this.next();
    });
    worker.on('message', (message: ParseAnswer | 'ready') => {
      if (worker !== this.worker) return;
      if (message !== 'ready') return this.receive(message);
      isReady = true;
      this.send(job);
    });
  }

  private send(job: Job): void {
    this.worker!.ref();
    const bytes = transferable(job.bytes);
    const request: ParseRequest = { id: ++this.requests, bytes };
    this.setTimer(this.options.timeoutMs, new AppError('MAIL_LIMIT', 'The mail exceeds a limit: time to parse.'));
    this.worker!.postMessage(request, [bytes.buffer]);
  }

  private receive(answer: ParseAnswer): void {
    if (answer.id !== this.requests) return;
    this.settle((job) => {
      if ('outcome' in answer) job.resolve(answer.outcome);
      else job.reject(new AppError(answer.code, answer.message));
    });
    this.next();
  }

  private setTimer(ms: number, error: AppError): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      void this.retireWorker();
      this.settle((job) => job.reject(error));
      this.next();
    }, ms);
  }

  private settle(finish: (job: Job) => void): void {
    clearTimeout(this.timer);
    const job = this.current;
    this.current = null;
    if (job) finish(job);
  }

  private async retireWorker(): Promise<void> {
    const worker = this.worker;
    this.worker = null;
    await worker?.terminate();
  }
}

/** The bytes with memory of their own: moved as they are when they have it, copied once when they share a pool. */
function transferable(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const isWhole = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength;
  return isWhole && !(bytes.buffer instanceof SharedArrayBuffer) ? new Uint8Array(bytes.buffer) : new Uint8Array(bytes);
}

const stopping = (): AppError => new AppError('UNAVAILABLE', 'The process is shutting down.', { retryable: true });

const unavailable = (what: string, cause?: Error): AppError =>
  new AppError('UNAVAILABLE', `The mail parser ${what}.`, { retryable: true, cause });

function died(cause: Error | undefined): AppError {
  const isMemory = cause !== undefined && 'code' in cause && cause.code === 'ERR_WORKER_OUT_OF_MEMORY';
  return isMemory
    ? new AppError('MAIL_LIMIT', 'The mail exceeds a limit: memory to parse.', { cause })
    : new AppError('MAIL_UNPARSEABLE', 'The mail stopped the parser.', { cause });
}
