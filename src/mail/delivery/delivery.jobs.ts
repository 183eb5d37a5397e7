import { Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { DeliveryLoop } from './delivery.loop.js';

/** The clockwork of the delivery: every replica ticks, the claim in the store decides who sends. */
@Injectable()
export class DeliveryJobs {
  constructor(private readonly loop: DeliveryLoop) {}

  @Interval('outbox.tick', 1000)
  tick(): Promise<void> {
    return this.loop.tick();
  }
}
