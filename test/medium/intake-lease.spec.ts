import { setTimeout as sleep } from 'node:timers/promises';
import { Clock } from '../../src/common/clock';
import { eventually } from '../support/eventually';
import { anIntakeStore, type IntakeStore } from '../support/intake-store';
import { startStore, type TestStore } from '../support/store';

jest.setTimeout(30_000);

/** A clock whose wall time is off by a constant. */
class SkewedClock extends Clock {
  constructor(private readonly offMs: number) {
    super();
  }

  override now(): Date {
    return new Date(super.now().getTime() + this.offMs);
  }
}

describe('LeaseService', () => {
  let store: TestStore;
  let intake: IntakeStore;
  let count = 0;

  beforeAll(async () => {
    store = await startStore();
    intake = await anIntakeStore(store.connection);
  });

  afterAll(() => store?.stop());

  const aName = (): string => `mailbox:${++count}`;

  it('gives a lease to one of many', async () => {
    const name = aName();
    const leases = intake.leases();
    const asked = await Promise.all(
      Array.from({ length: 8 }, (_, index) => leases.hold(name, 10_000, `owner ${index}`)),
    );
    const held = asked.filter((lease) => lease !== null);
    expect(held).toHaveLength(1);
    await held[0]!.release();
  });

  it('renews as long as it is held, frees at once on release, and never lowers the fence', async () => {
    const name = aName();
    const leases = intake.leases();
    const first = (await leases.hold(name, 1_500, 'first'))!;
    await sleep(3_200); // longer than the lease
    expect(await leases.hold(name, 1_500, 'second')).toBeNull();
    expect(first.signal.aborted).toBe(false);
    await first.release();
    const second = (await leases.hold(name, 300, 'second'))!;
    expect(second.fence).toBeGreaterThan(first.fence);
    await second.release();
  });

  it('does not let a loser prolong the lease of the holder', async () => {
    const name = aName();
    const leases = intake.leases();
    const holder = (await leases.hold(name, 60_000, 'holder'))!;
    const read = () => store.connection.collection('leases').findOne({ _id: name as never });
    const before = await read();
    await Promise.all([1, 2, 3].map(() => leases.hold(name, 600_000, 'loser')));
    expect(await read()).toEqual(before);
    await holder.release();
  });

  it('tells the holder when another one took over', async () => {
    const name = aName();
    const holder = (await intake.leases().hold(name, 300, 'holder'))!;
    // A replica whose clock runs ahead sees the lease expired.
    const thief = (await intake.leases(new SkewedClock(3_600_000)).hold(name, 60_000, 'thief'))!;
    await eventually(async () => holder.signal.aborted || null, 2_000);
    expect(holder.signal.reason).toMatchObject({ code: 'LEASE_LOST' });
    await holder.release();
    expect(await intake.leases().hold(name, 300, 'third')).toBeNull();
    await thief.release();
  });

  it('ends by itself before the lease does when the store cannot be reached', async () => {
    const other = await startStore();
    const { leases } = await anIntakeStore(other.connection);
    const startedAt = performance.now();
    const holder = (await leases().hold(aName(), 1_000, 'holder'))!;
    await other.stop();
    await eventually(async () => holder.signal.aborted || null, 3_000);
    expect(performance.now() - startedAt).toBeLessThan(1_500);
  });
});
