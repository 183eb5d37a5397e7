import { Clock } from '../../src/common/clock';
import { newId } from '../../src/common/id';
import { type NewVersion, ReplyRepository } from '../../src/reply/reply.repository';
import { REPLY_MODEL, replySchema } from '../../src/reply/reply.schema';
import type { Reply } from '../../src/reply/reply.types';
import { type NewReview, ReviewRepository } from '../../src/reply/review.repository';
import { REVIEW_MODEL, reviewSchema } from '../../src/reply/review.schema';
import { modelOf } from '../support/llm-parts';
import { startStore, type TestStore } from '../support/store';

const aVersion = (text = 'Hello'): NewVersion => ({
  text,
  html: `<p>${text}</p>`,
  citations: [{ passageId: 'p1', title: 'Refunds', claim: 'Hello' }],
  author: 'local',
  userId: null,
  model: 'excerpts-1',
  promptVersion: null,
  instruction: null,
  checks: [{ code: 'FOREIGN_LINK', severity: 'block', evidence: { start: 0, end: 5, text: 'Hello' }, hint: 'Look.' }],
});

describe('replies and reviews in the store', () => {
  let store: TestStore;
  let replies: ReplyRepository;
  let reviews: ReviewRepository;

  beforeAll(async () => {
    store = await startStore();
    const replyModel = modelOf(store.connection, REPLY_MODEL, replySchema);
    const reviewModel = modelOf(store.connection, REVIEW_MODEL, reviewSchema);
    await replyModel.createIndexes();
    await reviewModel.createIndexes();
    replies = new ReplyRepository(replyModel, new Clock());
    reviews = new ReviewRepository(reviewModel);
  });
  afterAll(() => store.stop());

  const insert = async (emailId = newId()): Promise<Reply> => {
    const draft = {
      emailId,
      mailboxId: 'mailbox',
      threadId: null,
      first: aVersion(),
      missingInformation: ['order number'],
    };
    return (await replies.insertIfNone(draft)).reply;
  };
  const inReview = async (): Promise<Reply> => (await replies.submit((await insert()).id))!;
  const count = (results: unknown[]): number => results.filter((result) => result !== null).length;

  it('keeps a draft with its version, citations and checks', async () => {
    const reply = await insert();
    expect(await replies.findById(reply.id)).toEqual(reply);
    expect(reply).toMatchObject({
      state: 'draft',
      revision: 1,
      missingInformation: ['order number'],
      versions: [{ version: 1, ...aVersion() }],
      approvedBy: null,
    });
    expect(reply).not.toHaveProperty('slot');
  });

  it('an email has one open reply, whoever writes it at once', async () => {
    const emailId = newId();
    const written = await Promise.all(Array.from({ length: 8 }, () => insert(emailId)));
    expect(new Set(written.map(({ id }) => id)).size).toBe(1);
    expect(await replies.findByEmail(emailId)).toHaveLength(1);
  });

  it('a closed reply makes room for the next', async () => {
    const first = await inReview();
    await replies.reject(first.id, first.revision);
    const second = await insert(first.emailId);
    expect(second.id).not.toBe(first.id);
    expect((await replies.findOpen(first.emailId))?.id).toBe(second.id);
    expect((await replies.findByEmail(first.emailId)).map(({ id }) => id)).toEqual([second.id, first.id]);
    await replies.supersede(second.id);
    expect(await replies.findOpen(first.emailId)).toBeNull();
  });

  it('of two people who approve at once one wins', async () => {
    for (let round = 0; round < 20; round++) {
      const { id, revision } = await inReview();
      const results = await Promise.all(['ann', 'bob', 'cem'].map((user) => replies.approve(id, revision, user)));
      expect(count(results)).toBe(1);
      const winner = results.find((result) => result !== null)!;
      expect(await replies.findById(id)).toMatchObject({ state: 'approved', approvedBy: winner.approvedBy });
    }
  });

  it('of approve, reject and edit at once exactly one happens', async () => {
    for (let round = 0; round < 20; round++) {
      const { id, revision } = await inReview();
      const results = await Promise.all([
        replies.addVersion(id, revision, { ...aVersion('edited'), author: 'human', userId: 'ann' }),
        replies.approve(id, revision, 'bob'),
        replies.reject(id, revision),
      ]);
      expect(count(results)).toBe(1);
      const after = (await replies.findById(id))!;
      expect(after.revision).toBe(revision + 1);
      expect(after.versions).toHaveLength(results[0] ? 2 : 1);
    }
  });

  it('numbers versions and refuses a stale revision', async () => {
    const reply = await inReview();
    const edited = (await replies.addVersion(reply.id, reply.revision, aVersion('second'), []))!;
    expect(edited.versions.map(({ version, text }) => [version, text])).toEqual([
      [1, 'Hello'],
      [2, 'second'],
    ]);
    expect(edited.missingInformation).toEqual([]);
    expect(await replies.addVersion(reply.id, reply.revision, aVersion('third'))).toBeNull();
    expect(await replies.approve(reply.id, reply.revision, 'ann')).toBeNull();
    expect(await replies.approve(reply.id, edited.revision, 'ann')).not.toBeNull();
  });

  it('submitting again after a crash is no error, submitting a closed reply is', async () => {
    const reply = await insert();
    const first = await replies.submit(reply.id);
    expect(await replies.submit(reply.id)).toEqual(first);
    await replies.supersede(reply.id);
    expect(await replies.submit(reply.id)).toBeNull();
  });

  it('goes from approval to the outbox and to its end once', async () => {
    const reply = await inReview();
    expect(await replies.attachOutbox(reply.id, 'box')).toBeNull(); // not approved
    await replies.approve(reply.id, reply.revision, null);
    expect(await replies.attachOutbox(reply.id, 'box')).toMatchObject({ outboxId: 'box' });
    expect(await replies.attachOutbox(reply.id, 'box')).not.toBeNull();
    expect(await replies.attachOutbox(reply.id, 'another')).toBeNull();
    const ends = await Promise.all([replies.finish(reply.id, 'sent'), replies.withdrawApproval(reply.id)]);
    expect(count(ends)).toBe(1);
    if (ends[0]) expect(await replies.finish(reply.id, 'failed')).toBeNull();
  });

  it('lists by state in pages, newest first', async () => {
    await store.connection.collection('replies').deleteMany({});
    const ids = [(await inReview()).id, (await inReview()).id, (await insert()).id];
    const page = await replies.list({ states: ['in_review'], limit: 1 });
    expect(page.map(({ id }) => id)).toEqual([ids[1], ids[0]]); // one more than the limit
    expect((await replies.list({ states: ['in_review'], limit: 1, cursor: ids[1]! })).map(({ id }) => id)).toEqual([
      ids[0],
    ]);
    expect(await replies.list({ limit: 10, mailboxId: 'other' })).toEqual([]);
  });

  it('keeps one review for each revision of a reply', async () => {
    const review: NewReview = {
      replyId: newId(),
      replyRevision: 2,
      emailId: newId(),
      mailboxId: 'mailbox',
      action: 'edited',
      reasonCodes: ['wrong_facts'],
      comment: null,
      draftText: 'in 30 days',
      finalText: 'in 14 days',
      edit: { distance: 0.2, unit: 'character', wordsAdded: 1, wordsRemoved: 1 },
      reviewerId: newId(),
      category: 'billing',
      language: 'en',
      engine: 'local',
      model: 'excerpts-1',
      promptVersion: null,
    };
    expect(await Promise.all([reviews.insertIfNew(review), reviews.insertIfNew(review)])).toEqual(
      expect.arrayContaining([true, false]),
    );
    expect(await reviews.insertIfNew({ ...review, replyRevision: 3, action: 'approved' })).toBe(true);
    expect(await reviews.findByEmail(review.emailId)).toMatchObject([review, { action: 'approved' }]);
    expect(await reviews.list({ category: 'billing', action: 'edited', limit: 5 })).toMatchObject([review]);
    expect(await reviews.deleteForEmail(review.emailId)).toBe(2);
  });
});
