/**
 * Buffers that are used again. Replies and batches live for a millisecond, but V8 counts their bytes as external memory
 * and runs a full mark for every few hundred of them: at 1,000 range reads per second that was a third of all CPU time.
 */
const SMALLEST = 4096;
const LARGEST = 1024 * 1024;
/** Kept per size: 16 clients in step need as many. */
const KEPT_BYTES = 2 * 1024 * 1024;
const MOST_KEPT = 64;

const free = new Map<number, Buffer[]>();

const classOf = (size: number): number => Math.max(SMALLEST, 2 ** Math.ceil(Math.log2(size)));

/** A buffer of at least `size` bytes with undefined content. Whoever does not give it back leaves it to the collector. */
export function takeBuffer(size: number): Buffer {
  const bytes = classOf(size);
  return free.get(bytes)?.pop() ?? Buffer.allocUnsafeSlow(bytes);
}

/** Gives back a whole buffer of `takeBuffer`. Nothing may read or write it afterwards. */
export function giveBuffer(buffer: Buffer): void {
  const size = buffer.length;
  if (size > LARGEST) return;
  const kept = free.get(size);
  if (!kept) free.set(size, [buffer]);
  else if (kept.length < Math.min(MOST_KEPT, Math.max(2, KEPT_BYTES / size))) kept.push(buffer);
}
