import type { Mailbox } from '../../src/mail/mailbox/mailbox.types';
import { Delivery } from '../support/delivery';
import { startStore, type TestStore } from '../support/store';

let store: TestStore;
let delivery: Delivery;
let mailbox: Mailbox;

beforeAll(async () => {
  store = await startStore();
  delivery = new Delivery(store.connection);
  await delivery.buildIndexes();
  mailbox = await delivery.addMailbox(null);
});

afterAll(async () => {
  delivery.stop();
  await store.stop();
});

describe('undo against sending', () => {
  it('lets exactly one of cancel and attempt win, 1,000 times', async () => {
    const wins = { cancel: 0, attempt: 0 };
    const race = async (cancelFirst: boolean): Promise<void> => {
      const item = await delivery.enqueue(mailbox);
      const begin = (): Promise<unknown> => delivery.outbox.beginAttempt(item, 'a');
      const cancel = (): Promise<unknown> => delivery.outbox.cancel(item.id);
      const starts = cancelFirst ? [cancel, begin] : [begin, cancel];
      const results = await Promise.all(starts.map((start) => start()));
      expect(results.filter(Boolean)).toHaveLength(1);
      const hasBegun = Boolean(results[cancelFirst ? 1 : 0]);
      const { state } = await delivery.outbox.getById(item.id);
      expect(state).toBe(hasBegun ? 'sending' : 'cancelled'); // what the API says is what happened
      wins[hasBegun ? 'attempt' : 'cancel']++;
    };
    for (let batch = 0; batch < 100; batch++) {
      await Promise.all(Array.from({ length: 10 }, (_, i) => race(i % 2 === 0)));
      await store.connection.collection('outbox').deleteMany({}); // some stores get slow with size
    }
    // Both orders were tried: a test in which one always wins would prove nothing.
    expect(wins.cancel).toBeGreaterThan(0);
    expect(wins.attempt).toBeGreaterThan(0);
  }, 120_000);
});
