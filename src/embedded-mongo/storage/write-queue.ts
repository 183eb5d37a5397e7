import type { RootDatabase } from 'lmdb';

/** Thrown by a write that has to wait (a document is locked): it is undone and runs again once `ready` settles. */
export class RetryWhenReady extends Error {
  override readonly name = 'RetryWhenReady';
  constructor(readonly ready: Promise<void>) {
    super('waiting for a lock');
  }
}

/** Errors a write may throw without undoing what it did before: the client gets them as its answer. */
export type IsAnswer = (error: unknown) => boolean;

export interface CommitHooks {
  /** Called inside the commit, after the writes of the batch. */
  beforeCommit(): void;
  /** The batch is on disk. */
  committed(): void;
  /** The batch was undone: forget what was cached of it. */
  undone(): void;
}

interface Job {
  run: () => unknown;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

type Outcome = { job: Job; error?: unknown; value?: unknown; failed: boolean };

/**
 * Group commit. Writes wait in one queue; once per turn of the event loop all of them run in one LMDB transaction,
 * which is flushed to disk before any of them is answered. While the flush blocks, sockets fill, so the batch grows
 * with the load.
 *
 * A write that has to wait for a lock, or fails with an unexpected error (a full disk, a defect), undoes the whole
 * transaction. Its neighbours then run again, so that one bad write cannot take others with it. Hence the rule for
 * `run`: everything it makes it makes anew each time it is called.
 */
export class WriteQueue {
  private jobs: Job[] = [];
  private scheduled = false;
  private lastBatch = 0;
  private drained: Array<() => void> = [];

  constructor(
    private readonly root: RootDatabase<Buffer, Buffer>,
    private readonly hooks: CommitHooks,
    private readonly isAnswer: IsAnswer,
  ) {}

  /** Runs `run` in the next commit. Resolves with its value after the commit is on disk. */
  submit<T>(run: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.jobs.push({ run, resolve: resolve as (value: unknown) => void, reject });
      this.schedule();
    });
  }

  /** Resolves when nothing is queued any more. */
  async idle(): Promise<void> {
    if (this.jobs.length === 0 && !this.scheduled) return;
    await new Promise<void>((resolve) => this.drained.push(resolve));
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => this.flushOrWait());
  }

  /**
   * Right after a commit its clients send their next writes, and the first of them would get a flush of its own: when
   * fewer are waiting than took part last time, the others get one more turn of the event loop to arrive.
   */
  private flushOrWait(): void {
    if (this.jobs.length >= this.lastBatch) return this.flush();
    setImmediate(() => this.flush());
  }

  private flush(): void {
    const jobs = this.jobs;
    this.jobs = [];
    this.lastBatch = jobs.length;
    this.scheduled = false;
    this.runTogether(jobs);
    if (this.jobs.length === 0) for (const resolve of this.drained.splice(0)) resolve();
  }

  private runTogether(jobs: Job[]): void {
    let outcomes: Outcome[];
    try {
      outcomes = this.commit(jobs);
    } catch (error) {
      this.hooks.undone();
      this.separate(jobs, error);
      return;
    }
    for (const { job, failed, value, error } of outcomes) {
      if (failed) job.reject(error);
      else job.resolve(value);
    }
  }

  /** The transaction of these jobs was undone: finds out whose fault it was. */
  private separate(jobs: Job[], error: unknown): void {
    const [only] = jobs;
    if (jobs.length > 1) for (const job of jobs) this.runTogether([job]);
    else if (only && error instanceof RetryWhenReady) this.requeue(only, error.ready);
    else only?.reject(error);
  }

  private commit(jobs: Job[]): Outcome[] {
    const outcomes = this.root.transactionSync(() => {
      const results = jobs.map((job): Outcome => this.attempt(job));
      this.hooks.beforeCommit();
      return results;
    });
    this.hooks.committed();
    return outcomes;
  }

  private attempt(job: Job): Outcome {
    try {
      return { job, failed: false, value: job.run() };
    } catch (error) {
      if (this.isAnswer(error)) return { job, failed: true, error };
      throw error;
    }
  }

  private requeue(job: Job, ready: Promise<void>): void {
    const again = (): void => {
      this.jobs.push(job);
      this.schedule();
    };
    ready.then(again, again);
  }
}
