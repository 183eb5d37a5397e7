import { startApp, type TestApp } from '../support/app';
import { arrive, bytesOf, teachPasswords, until } from '../support/conversation';
import { eventually } from '../support/eventually';
import { type FakeOpenAi, startFakeOpenAi } from '../support/fake-openai';

/** The first part of training: labels by people and engines, what is learned from them, and their export. */
describe('training', () => {
  let llm: FakeOpenAi;
  let app: TestApp;

  beforeAll(async () => {
    llm = await startFakeOpenAi();
    app = await startApp({ OPENAI_BASE_URL: llm.url });
    await teachPasswords(app);
  }, 60_000);
  afterAll(async () => {
    await app?.stop();
    await llm?.stop();
  });

  const stats = async () => (await app.as('get', '/training/stats').expect(200)).body;

  it('labels a mail, trains the built-in classifier on it within seconds, and exports it as JSON lines', async () => {
    const emailId = await arrive(app, {
      subject: 'Where is my invoice?',
      text: 'Please send me the invoice of March.',
    });
    await until(app, emailId, 'in_review', 'needs_human');
    const { body: label } = await app
      .as('put', `/training/emails/${emailId}/label`)
      .send({ category: 'billing', priority: 'low' })
      .expect(200);
    expect(label).toMatchObject({ emailId, category: 'billing', priority: 'low', source: 'human', weight: 1 });

    await app.as('post', '/training/retrain').expect(200);
    expect((await stats()).model.storedExamples).toBe(1);

    const lines = (await bytesOf(app, '/training/labels/export')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ emailId, category: 'billing', source: 'human', subject: 'Where is my invoice?' }),
    ]);
  });

  it('replaces the label when a person corrects it, and refuses categories that do not exist', async () => {
    const emailId = await arrive(app);
    await until(app, emailId, 'in_review');
    await app.as('put', `/training/emails/${emailId}/label`).send({ category: 'billing' }).expect(200);
    await app.as('put', `/training/emails/${emailId}/label`).send({ category: 'account' }).expect(200);
    const { body } = await app.as('get', '/training/labels?limit=100').expect(200);
    const labels = body.items.filter((item: { emailId: string }) => item.emailId === emailId);
    expect(labels.map((item: { category: string }) => item.category)).toEqual(['account']);
    const refused = await app.as('put', `/training/emails/${emailId}/label`).send({ category: 'nonsense' }).expect(400);
    expect(refused.body.title).toContain('nonsense');
  });

  it('labels by itself only where both engines agree and no person did', async () => {
    const emailId = await arrive(app, {
      subject: 'Login',
      text: 'I cannot log in, my password does not work any more.',
    });
    await until(app, emailId, 'in_review', 'needs_human');
    const { body: result } = await app.as('post', '/training/auto-label').send({ limit: 50 }).expect(200);
    expect(result.looked).toBe(result.labelled + result.skipped);
    const { body } = await app.as('get', '/training/labels?source=auto').expect(200);
    expect(body.items).toEqual([expect.objectContaining({ emailId, category: 'account', weight: 0.3 })]);
    const again = await app.as('post', '/training/auto-label').send({ limit: 50 }).expect(200);
    expect(again.body.labelled).toBe(result.labelled); // the same mails, still one label each
    expect((await stats()).examples.auto).toBe(1);
  });

  it('shows what is left to label', async () => {
    const emailId = await arrive(app, { subject: 'Feedback', text: 'I really like your coffee, thank you very much!' });
    await until(app, emailId, 'in_review', 'needs_human');
    const queue = await eventually(async () => {
      const { body } = await app.as('get', '/training/emails').expect(200);
      return body.items.some((item: { emailId: string }) => item.emailId === emailId) ? body.items : null;
    });
    for (const item of queue)
      expect(item.labels.every((label: { source: string }) => label.source === 'auto')).toBe(true);
  });
});
