import { AppError } from './errors.js';

/** What a named failpoint does when it is reached for the n-th time (`name=action@n`, n from 1, default 1). */
interface Failpoint {
  action: 'exit' | 'throw' | 'hang';
  onHit: number;
  hits: number;
}

const active = new Map<string, Failpoint>();

/**
 * Arms failpoints for fault tests, e.g. `outbox.after_attempt_record=exit@1,workflow.before_classify=throw`.
 * The composition root calls it only when NODE_ENV is `test`: production can never be armed.
 */
export function armFailpoints(specification: string): void {
  active.clear();
  for (const entry of specification.split(',').filter(Boolean)) {
    const match = /^([\w.]+)=(exit|throw|hang)(?:@(\d+))?$/.exec(entry.trim());
    if (!match)
      throw new AppError('INVALID_INPUT', `FAILPOINTS has an entry that is not name=exit|throw|hang@n: ${entry}`);
    const [, name, action, onHit] = match;
    active.set(name!, { action: action as Failpoint['action'], onHit: Number(onHit ?? 1), hits: 0 });
  }
}

/** A named place where a fault test may stop the process (as kill -9 would), throw or hang. Free when nothing is armed. */
export async function failpoint(name: string): Promise<void> {
  if (active.size === 0) return;
  const point = active.get(name);
  if (!point || ++point.hits !== point.onHit) return;
  if (point.action === 'exit') process.kill(process.pid, 'SIGKILL');
  if (point.action === 'throw') throw new AppError('INTERNAL', `failpoint ${name}`, { retryable: true });
  await new Promise(() => setInterval(() => undefined, 1 << 30));
}
