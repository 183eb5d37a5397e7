import { EventEmitter } from 'node:events';
import { Injectable } from '@nestjs/common';
import type { OutboxItem, OutboxState } from './outbox.types.js';

/** An item that nobody works on any more (sent, rejected, cancelled) or that waits for a person (held). */
export interface Settled {
  outboxId: string;
  emailId: string;
  replyId: string;
  state: OutboxState;
}

interface EventMap {
  settled: [Settled];
}

/**
 * Tells the modules above about outcomes. Only a hint: it may be lost with the process, so whoever needs the outcome also
 * asks the outbox (OutboxQueryRepository.findByEmail).
 */
@Injectable()
export class DeliveryEvents {
  private readonly emitter = new EventEmitter<EventMap>().setMaxListeners(0);

  settled(item: Pick<OutboxItem, 'id' | 'emailId' | 'replyId' | 'state'>): void {
    this.emitter.emit('settled', {
      outboxId: item.id,
      emailId: item.emailId,
      replyId: item.replyId,
      state: item.state,
    });
  }

  /** Returns the function that stops listening. The listener must not throw. */
  onSettled(listener: (event: Settled) => void): () => void {
    this.emitter.on('settled', listener);
    return () => this.emitter.off('settled', listener);
  }
}
