import { MongoError } from '../errors.js';

/** Yielded by a scan that has used its turn: let other connections run, then pull again. */
export const PAUSE: unique symbol = Symbol('pause');
export type Pause = typeof PAUSE;

/** How long one operation may keep the event loop: a waiting point read is answered after this. */
const SLICE_MS = 5;
/** Reading the clock costs about 50 ns, so not every row asks. */
const CHECK_EVERY = 32;

/**
 * The turn of one operation: when it has to pause, and when it has to end (maxTimeMS, killed cursor, closed
 * connection). Everything that loops over documents asks `due()` once per document.
 */
export class TimeSlice {
  private started = performance.now();
  private calls = 0;
  private interruption: MongoError | undefined;

  /**
   * @param deadline `performance.now()` after which the operation fails with MaxTimeMSExpired; Infinity for never
   * @param sliceMs Infinity for work that must not be interrupted (inside a commit)
   */
  constructor(
    private deadline = Infinity,
    private readonly sliceMs = SLICE_MS,
  ) {}

  /** A slice that never pauses: for work inside one commit. */
  uninterrupted(): TimeSlice {
    return new TimeSlice(this.deadline, Infinity);
  }

  /** The operation fails with this error at its next check. */
  interrupt(error: MongoError): void {
    this.interruption = error;
  }

  /** Sets a new deadline: each getMore brings its own. */
  restart(deadline: number): void {
    this.deadline = deadline;
    this.resume();
  }

  /** True when the operation has to let others run. Throws when it has to end. */
  due(): boolean {
    if (++this.calls % CHECK_EVERY !== 0) return false;
    return this.check();
  }

  /** As `due`, but reads the clock in any case: for steps that are slow each. */
  check(): boolean {
    if (this.interruption) throw this.interruption;
    const now = performance.now();
    if (now > this.deadline) throw new MongoError(50, 'operation exceeded time limit');
    return now - this.started > this.sliceMs;
  }

  resume(): void {
    this.started = performance.now();
  }

  /** Lets the event loop serve everybody else, then starts a new turn. */
  async pause(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.check();
    this.resume();
  }
}

/** Pulls all items of a pausing iterator, pausing where it asks to. */
export async function drain<T>(source: Iterator<T | Pause>, slice: TimeSlice, each: (item: T) => void): Promise<void> {
  try {
    for (let step = source.next(); !step.done; step = source.next()) {
      if (step.value === PAUSE) await slice.pause();
      else each(step.value);
    }
  } finally {
    source.return?.();
  }
}

/** Pulls all items at once; for sources whose slice never pauses. */
export function* withoutPauses<T>(source: Iterable<T | Pause>): Generator<T> {
  for (const item of source) if (item !== PAUSE) yield item;
}
