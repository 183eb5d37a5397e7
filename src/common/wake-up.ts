import { EventEmitter } from 'node:events';
import { Injectable } from '@nestjs/common';

/** Queues that a claim loop serves; the same words as the `queue` label of the metrics. */
export type QueueName = 'process' | 'outbox';

/**
 * Tells the claim loops of this process that work was saved, so that it starts at once instead of at the next tick.
 * Only a hint: nothing depends on it arriving (saved state is the queue).
 */
@Injectable()
export class WakeUp {
  private readonly emitter = new EventEmitter().setMaxListeners(0);

  /** Call after the work is stored. */
  signal(queue: QueueName): void {
    this.emitter.emit(queue);
  }

  /** Returns the function that stops listening. */
  on(queue: QueueName, listener: () => void): () => void {
    this.emitter.on(queue, listener);
    return () => this.emitter.off(queue, listener);
  }
}
