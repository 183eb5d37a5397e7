import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { StoreService } from '../database/store.service.js';
import { DrainState } from './drain-state.js';

/** A store that has not answered for this long makes the process unready, in seconds. */
const STORE_SILENCE_SECONDS = 10;
/** An event loop this late is stuck: the process should be restarted. Seconds, 99th percentile. */
const LOOP_DELAY_SECONDS = 5;

/** The facts behind the probes. Liveness looks at this process only: a store outage must not restart every replica. */
@Injectable()
export class HealthService implements OnModuleInit, OnModuleDestroy {
  private readonly loopDelay = monitorEventLoopDelay({ resolution: 100 });

  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly store: StoreService,
    private readonly drain: DrainState,
  ) {}

  onModuleInit(): void {
    this.loopDelay.enable();
  }

  onModuleDestroy(): void {
    this.loopDelay.disable();
  }

  @Interval('health.ping-store', 3_000)
  async pingStore(): Promise<void> {
    await this.store.ping().catch(() => undefined); // secondsSinceAnswer() tells
    this.loopDelay.reset();
  }

  storeOpen(): HealthIndicatorResult<'store'> {
    const check = this.indicators.check('store');
    return this.store.isOpen ? check.up() : check.down({ reason: 'not connected, or indexes not built' });
  }

  storeAnswers(): HealthIndicatorResult<'store'> {
    const check = this.indicators.check('store');
    const silence = this.store.secondsSinceAnswer();
    return silence < STORE_SILENCE_SECONDS ? check.up() : check.down({ secondsSinceAnswer: Math.round(silence) });
  }

  notDraining(): HealthIndicatorResult<'drain'> {
    const check = this.indicators.check('drain');
    return this.drain.isDraining ? check.down({ reason: 'shutting down' }) : check.up();
  }

  eventLoop(): HealthIndicatorResult<'eventLoop'> {
    const check = this.indicators.check('eventLoop');
    const seconds = this.loopDelay.percentile(99) / 1e9;
    return seconds < LOOP_DELAY_SECONDS ? check.up() : check.down({ delaySeconds: Math.round(seconds) });
  }
}
