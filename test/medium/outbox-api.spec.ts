import { newId } from '../../src/common/id';
import { OutboxRepository } from '../../src/mail/delivery/outbox.repository';
import { startApp, type TestApp } from '../support/app';

jest.setTimeout(30_000); // the whole application starts

let test: TestApp;

beforeAll(async () => {
  test = await startApp({ ROLE: 'api' });
});

afterAll(() => test?.stop());

const enqueue = async (): Promise<string> => {
  const emailId = newId();
  const { item } = await test.app.get(OutboxRepository, { strict: false }).enqueue({
    mailboxId: newId(),
    emailId,
    replyId: newId(),
    threadId: null,
    dedupeKey: `${emailId}|reply|1`,
    messageId: `<${emailId}@shop.test>`,
    envelopeFrom: 'support@shop.test',
    recipient: 'ann@customer.test',
    mime: Buffer.from('Subject: <script>\r\n\r\nhello\r\n'),
    mode: 'human',
    runAt: new Date(Date.now() + 60_000),
  });
  return item.id;
};

it('is closed to strangers', async () => {
  const id = await enqueue();
  for (const path of ['/outbox', `/outbox/${id}`, `/outbox/${id}/raw`]) await test.anonymous().get(path).expect(401);
  for (const action of ['cancel', 'resolve']) await test.anonymous().post(`/outbox/${id}/${action}`).expect(401);
});

it('lists by state and shows one', async () => {
  const id = await enqueue();
  const page = await test.as('get', '/outbox?state=scheduled&limit=100').expect(200);
  expect(page.body.items).toContainEqual(expect.objectContaining({ id, state: 'scheduled' }));
  const item = await test.as('get', `/outbox/${id}`).expect(200);
  expect(item.body).toMatchObject({ id, state: 'scheduled', recipient: 'ann@customer.test', attempts: [] });
  expect(JSON.stringify(item.body)).not.toContain('script');
});

it('gives the bytes as a download only', async () => {
  const raw = await test
    .as('get', `/outbox/${await enqueue()}/raw`)
    .buffer(true)
    .expect(200);
  expect(raw.headers['content-type']).toContain('message/rfc822');
  expect(raw.headers['content-disposition']).toMatch(/^attachment; filename="[0-9a-f]{24}\.eml"$/);
});

it('cancels once; the second time says why not', async () => {
  const id = await enqueue();
  expect((await test.as('post', `/outbox/${id}/cancel`).expect(200)).body).toMatchObject({ state: 'cancelled' });
  const again = await test.as('post', `/outbox/${id}/cancel`).expect(409);
  expect(again.body).toMatchObject({ status: 409, title: 'This cannot be done: the mail is cancelled.' });
});

it.each([
  ['get', '/outbox?state=lost', 400],
  ['get', '/outbox?limit=0', 400],
  ['get', '/outbox/nonsense', 400],
  ['get', `/outbox/${newId()}`, 404],
  ['post', `/outbox/${newId()}/cancel`, 404],
] as const)('%s %s is %s', async (method, path, status) => {
  await test.as(method, path).expect(status);
});

it.each([
  [{ action: 'burn' }, 400],
  [{}, 400],
  [{ action: 'resend' }, 409],
  [{ action: 'close' }, 409],
] as const)('resolve %j of a mail that is not held is %s', async (body, status) => {
  await test
    .as('post', `/outbox/${await enqueue()}/resolve`)
    .send(body)
    .expect(status);
});
