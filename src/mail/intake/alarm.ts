import type { Clock } from '../../common/clock.js';

/** A sleep that can be cut short; a ring while nobody sleeps cuts the next sleep. */
export class Alarm {
  private isRung = false;
  private sleeping: AbortController | null = null;

  constructor(private readonly clock: Clock) {}

  ring(): void {
    this.isRung = true;
    this.sleeping?.abort();
  }

  /** Returns true when it was rung, false when the time was up. */
  async wait(ms: number): Promise<boolean> {
    if (!this.isRung) {
      this.sleeping = new AbortController();
      await this.clock.sleep(ms, this.sleeping.signal).catch(() => undefined); // the ring
      this.sleeping = null;
    }
    const wasRung = this.isRung;
    this.isRung = false;
    return wasRung;
  }
}
