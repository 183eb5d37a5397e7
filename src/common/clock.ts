import { Injectable } from '@nestjs/common';

/** The only source of time in logic, so that tests can move it. */
@Injectable()
export class Clock {
  /** Wall time: for what is stored and shown. */
  now(): Date {
    return new Date();
  }

  /** Milliseconds that never jump: for deadlines and durations (a changed wall clock must not fire or hold them). */
  monotonicMs(): number {
    return performance.now();
  }

  /** Resolves after `ms`, or rejects with the signal's reason. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}
