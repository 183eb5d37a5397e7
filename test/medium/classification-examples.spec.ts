import { newId } from '../../src/common/id';
import { ExampleRepository, type NewExample } from '../../src/classification/example.repository';
import { EXAMPLE_MODEL, type ExampleDoc, exampleSchema } from '../../src/classification/example.schema';
import { aModel, FrozenClock } from '../support/mail-store';
import { startStore, type TestStore } from '../support/store';

const CATEGORIES = ['billing', 'support'];

const anExample = (changes: Partial<NewExample> = {}): NewExample => ({
  emailId: newId(),
  subject: 'Hello',
  text: 'The invoice is wrong.',
  category: 'billing',
  priority: 'normal',
  sentiment: null,
  language: 'en',
  source: 'human',
  weight: 1,
  createdBy: 'u1',
  ...changes,
});

describe('ExampleRepository on a store', () => {
  let store: TestStore;
  let clock: FrozenClock;
  let examples: ExampleRepository;

  beforeAll(async () => {
    store = await startStore();
    const model = await aModel<ExampleDoc>(store.connection, EXAMPLE_MODEL, exampleSchema);
    clock = new FrozenClock();
    examples = new ExampleRepository(model, clock);
  });
  afterAll(() => store.stop());
  beforeEach(async () => {
    await store.connection.collection('examples').deleteMany({});
  });

  it('keeps one label per mail and source: a later one replaces it', async () => {
    const emailId = newId();
    const first = await examples.save(anExample({ emailId }));
    clock.advance(1000);

    const second = await examples.save(anExample({ emailId, category: 'support', createdBy: 'u2' }));

    expect(second.id).toBe(first.id);
    expect(second.createdAt).toEqual(first.createdAt);
    expect(await examples.findByEmail(emailId)).toEqual([second]);
    expect(second).toMatchObject({ category: 'support', createdBy: 'u2', updatedAt: clock.now() });
  });

  it('survives two people who label the same mail at the same moment', async () => {
    const emailId = newId();

    await Promise.all(CATEGORIES.map((category) => examples.save(anExample({ emailId, category }))));

    expect(await examples.findByEmail(emailId)).toHaveLength(1);
  });

  it.each([
    ['an unknown priority', { priority: 'blocker' as never }],
    ['an unknown source', { source: 'rumour' as never }],
    ['a negative weight', { weight: -1 }],
  ])('refuses %s', async (_, change) => {
    await expect(examples.save(anExample(change))).rejects.toThrow();
    expect((await examples.fingerprint()).count).toBe(0);
  });

  it('has another fingerprint after every new, changed and removed label', async () => {
    const seen = [JSON.stringify(await examples.fingerprint())];
    const look = async () => seen.push(JSON.stringify(await examples.fingerprint()));
    const emailId = newId();

    await examples.save(anExample({ emailId }));
    await look();
    clock.advance(1);
    await examples.save(anExample({ emailId, category: 'support' }));
    await look();
    clock.advance(1);
    await examples.save(anExample());
    await look();
    expect(await examples.removeByEmail(emailId)).toBe(1);
    await look();

    expect(new Set(seen).size).toBe(seen.length);
  });

  it('gives the trainer one item per mail, from the most trusted source, of categories in use', async () => {
    const [a, b, c] = [newId(), newId(), newId()];
    await examples.save(anExample({ emailId: c, category: 'retired' }));
    await examples.save(anExample({ emailId: b, source: 'auto', weight: 0.3 }));
    await examples.save(anExample({ emailId: a, category: 'billing', source: 'human' }));
    await examples.save(anExample({ emailId: a, category: 'support', source: 'auto' }));
    await examples.save(anExample({ emailId: a, category: 'support', source: 'review' }));

    const items = await examples.trainingItems(CATEGORIES);

    expect(items).toMatchObject([
      { category: 'billing', isVerified: true, weight: 1 },
      { category: 'billing', isVerified: false, weight: 0.3 },
    ]);
  });

  it('counts by source and pages newest first', async () => {
    const ids = [];
    for (const source of ['human', 'review', 'human', 'auto', 'human'] as const) {
      ids.push((await examples.save(anExample({ source }))).id);
    }

    const first = await examples.page({ limit: 2 }, { source: 'human' });
    const second = await examples.page({ limit: 2, cursor: first.nextCursor! }, { source: 'human' });

    expect(await examples.countBySource()).toEqual({ human: 3, review: 1, auto: 1 });
    expect(first.items.map(({ id }) => id)).toEqual([ids[4], ids[2]]);
    expect(second.items.map(({ id }) => id)).toEqual([ids[0]]);
    expect(second.nextCursor).toBeNull();
  });
});
