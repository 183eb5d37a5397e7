import { Binary, Long, Timestamp } from 'bson';
import { encodeElements } from '../bson/codec.js';

/**
 * The cluster time: seconds and a counter, larger with every commit. One node needs no agreement with others, so the
 * signature is empty, which drivers pass on without reading.
 */
export class LogicalClock {
  private seconds = Math.floor(Date.now() / 1000);
  private counter = 1;
  private encoded: Buffer | null = null;

  /** The time of the newest commit. */
  now(): Timestamp {
    return new Timestamp({ t: this.seconds, i: this.counter });
  }

  /** A new time, larger than all before, also when the wall clock went back. */
  tick(): Timestamp {
    this.encoded = null;
    const now = Math.floor(Date.now() / 1000);
    if (now > this.seconds) {
      this.seconds = now;
      this.counter = 1;
    } else {
      this.counter++;
    }
    return this.now();
  }

  /** `$clusterTime` and `operationTime` as every reply carries them; encoded once per commit. */
  encodedFields(): Buffer {
    this.encoded ??= encodeElements({
      $clusterTime: { clusterTime: this.now(), signature: { hash: new Binary(Buffer.alloc(20), 0), keyId: Long.ZERO } },
      operationTime: this.now(),
    });
    return this.encoded;
  }
}
