import { Clock } from '../../src/common/clock';
import { newId } from '../../src/common/id';
import { ArticleRepository } from '../../src/knowledge/article.repository';
import {
  ARTICLE_MODEL,
  articleSchema,
  KNOWLEDGE_STATE_MODEL,
  knowledgeStateSchema,
  PASSAGE_MODEL,
  passageSchema,
} from '../../src/knowledge/article.schema';
import { KnowledgeService } from '../../src/knowledge/knowledge.service';
import type { ArticleContent } from '../../src/knowledge/knowledge.types';
import { PassageRepository } from '../../src/knowledge/passage.repository';
import { RetrieverService } from '../../src/knowledge/retriever.service';
import { SAMPLE_ARTICLES } from '../../src/knowledge/sample-articles';
import { SampleKnowledgeService } from '../../src/knowledge/sample-knowledge.service';
import { modelOf, silentLogger } from '../support/llm-parts';
import { startStore, type TestStore } from '../support/store';

class MovableClock extends Clock {
  ms = 0;
  override monotonicMs(): number {
    return this.ms;
  }
}

const anArticle = (changes: Partial<ArticleContent> = {}): ArticleContent => ({
  title: 'Gift vouchers',
  body: 'A voucher is valid for 3 years.',
  language: 'en',
  categories: [],
  tags: [],
  status: 'published',
  ...changes,
});

describe('knowledge base', () => {
  let store: TestStore;

  /** One process. */
  const replica = () => {
    const { connection } = store;
    const clock = new MovableClock();
    const articles = new ArticleRepository(modelOf(connection, ARTICLE_MODEL, articleSchema));
    const passages = new PassageRepository(
      modelOf(connection, PASSAGE_MODEL, passageSchema),
      modelOf(connection, KNOWLEDGE_STATE_MODEL, knowledgeStateSchema),
      articles,
    );
    const retriever = new RetrieverService(passages, clock, silentLogger());
    const knowledge = new KnowledgeService(articles, passages, retriever);
    return {
      clock,
      articles,
      passages,
      retriever,
      knowledge,
      samples: new SampleKnowledgeService(articles, knowledge),
    };
  };
  let here: ReturnType<typeof replica>;
  const found = async (query: string, on = here): Promise<string[]> =>
    (await on.retriever.search(query, { limit: 5 })).map(({ text }) => text);

  beforeAll(async () => {
    store = await startStore();
  });
  afterAll(() => store.stop());
  beforeEach(async () => {
    for (const name of ['knowledge_articles', 'knowledge_passages', 'knowledge_state']) {
      await store.connection.collection(name).deleteMany({});
    }
    here = replica();
  });

  it('finds an article at once after it was written, with its source', async () => {
    expect(await found('voucher')).toEqual([]);
    const article = await here.knowledge.create(anArticle({ body: '## Validity\nA voucher is valid for 3 years.' }));
    const [passage] = await here.retriever.search('How long is a voucher valid?', { limit: 5 });
    expect(passage).toMatchObject({
      articleId: article.id,
      title: 'Gift vouchers',
      heading: 'Validity',
      text: 'A voucher is valid for 3 years.',
      coverage: 1,
    });
  });

  it('another replica finds it within 5 s', async () => {
    const there = replica();
    expect(await found('voucher', there)).toEqual([]);
    await here.knowledge.create(anArticle());
    there.clock.ms += 4_900;
    expect(await found('voucher', there)).toEqual([]);
    there.clock.ms += 200;
    expect(await found('voucher', there)).toHaveLength(1);
  });

  it('a draft is not found until it is published, and again not when it is withdrawn', async () => {
    const draft = await here.knowledge.create(anArticle({ status: 'draft' }));
    expect(await found('voucher')).toEqual([]);
    const published = await here.knowledge.replace(draft.id, draft.version, anArticle());
    expect(await found('voucher')).toHaveLength(1);
    await here.knowledge.replace(published.id, published.version, anArticle({ status: 'draft' }));
    expect(await found('voucher')).toEqual([]);
  });

  it('a change replaces the passages and leaves none of the old ones', async () => {
    const article = await here.knowledge.create(anArticle());
    await here.knowledge.replace(article.id, 1, anArticle({ body: 'A voucher is valid for 5 years.' }));
    expect(await found('voucher')).toEqual(['A voucher is valid for 5 years.']);
    expect(await store.connection.collection('knowledge_passages').countDocuments()).toBe(1);
  });

  it('of two who edit the same version one wins, the other is told', async () => {
    const article = await here.knowledge.create(anArticle());
    const edits = await Promise.allSettled(
      ['4 years', '5 years', '6 years'].map((years) =>
        here.knowledge.replace(article.id, 1, anArticle({ body: `A voucher is valid for ${years}.` })),
      ),
    );
    const winners = edits.flatMap((edit) => (edit.status === 'fulfilled' ? [edit.value.body] : []));
    expect(winners).toHaveLength(1);
    for (const edit of edits) if (edit.status === 'rejected') expect(edit.reason).toMatchObject({ code: 'CONFLICT' });
    expect(await found('voucher')).toEqual(winners);
    expect(await store.connection.collection('knowledge_passages').countDocuments()).toBe(1);
  });

  it('passages that a crash left without an article are never found', async () => {
    await here.passages.insertSet(newId(), newId(), [{ heading: '', text: 'An orphan voucher.' }]);
    await here.passages.bumpRevision();
    expect(await found('voucher')).toEqual([]);
  });

  it('a deleted article is gone; deleting it again says so', async () => {
    const article = await here.knowledge.create(anArticle());
    await here.knowledge.delete(article.id);
    expect(await found('voucher')).toEqual([]);
    await expect(here.knowledge.delete(article.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(here.knowledge.replace(article.id, 1, anArticle())).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('keeps to the language if it has one, and to the categories of an article', async () => {
    await here.knowledge.create(anArticle());
    await here.knowledge.create(anArticle({ title: 'Gutscheine', body: 'Der Voucher gilt 3 Jahre.', language: 'de' }));
    await here.knowledge.create(
      anArticle({ title: 'Resale', body: 'A voucher may be resold.', categories: ['sales'] }),
    );
    const search = async (options: object): Promise<string[]> =>
      (await here.retriever.search('voucher', { limit: 5, ...options })).map(({ title }) => title).sort();
    expect(await search({ language: 'de' })).toEqual(['Gutscheine']);
    expect(await search({ language: 'fr' })).toHaveLength(3);
    expect(await search({ category: 'billing', language: 'en' })).toEqual(['Gift vouchers']);
    expect(await search({ category: 'sales', language: 'en' })).toEqual(['Gift vouchers', 'Resale']);
  });

  it('refuses an article without text', async () => {
    await expect(here.knowledge.create(anArticle({ body: '# Title only' }))).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
  });

  it('lists in pages, newest first', async () => {
    for (const title of ['one', 'two', 'three']) await here.knowledge.create(anArticle({ title }));
    const first = await here.knowledge.list({ limit: 2 });
    expect(first.items.map(({ title }) => title)).toEqual(['three', 'two']);
    const second = await here.knowledge.list({ limit: 2, cursor: first.nextCursor! });
    expect(second).toMatchObject({ items: [{ title: 'one' }], nextCursor: null });
  });

  it('loads the samples into an empty base only', async () => {
    expect(await here.samples.load()).toBe(SAMPLE_ARTICLES.length);
    expect(await here.samples.load()).toBe(0);
    const [best] = await here.retriever.search('I forgot my password, what can I do?', { language: 'en', limit: 1 });
    expect(best?.title).toBe('Reset your password and sign in');
  });
});
