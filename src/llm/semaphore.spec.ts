import { Semaphore } from './semaphore.js';

describe('Semaphore', () => {
  const signal = new AbortController().signal;
  const gate = () => {
    let open = (): void => undefined;
    const passed = new Promise<void>((resolve) => (open = resolve));
    return { open, passed };
  };

  it('runs as many tasks as allowed, the rest in order', async () => {
    const semaphore = new Semaphore(2);
    const gates = [gate(), gate(), gate()];
    const started: number[] = [];
    const all = gates.map(({ passed }, index) =>
      semaphore.run(signal, () => {
        started.push(index);
        return passed;
      }),
    );
    await Promise.resolve();
    expect(started).toEqual([0, 1]);
    gates[1]!.open();
    await all[1];
    await Promise.resolve();
    expect(started).toEqual([0, 1, 2]);
    gates.forEach(({ open }) => open());
    await Promise.all(all);
  });

  it('frees the place of a task that throws', async () => {
    const semaphore = new Semaphore(1);
    await expect(semaphore.run(signal, () => Promise.reject(new Error('odd')))).rejects.toThrow('odd');
    await expect(semaphore.run(signal, () => Promise.resolve(7))).resolves.toBe(7);
  });

  it('lets a waiting task leave the line', async () => {
    const semaphore = new Semaphore(1);
    const { open, passed } = gate();
    const first = semaphore.run(signal, () => passed);
    const abort = new AbortController();
    const second = semaphore.run(abort.signal, () => Promise.resolve('never'));
    const third = semaphore.run(signal, () => Promise.resolve('third'));
    abort.abort(new Error('lease lost'));
    await expect(second).rejects.toThrow('lease lost');
    open();
    await first;
    await expect(third).resolves.toBe('third');
    await expect(semaphore.run(abort.signal, () => Promise.resolve())).rejects.toThrow('lease lost');
  });
});
