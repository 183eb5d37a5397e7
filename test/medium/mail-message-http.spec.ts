import { Clock } from '../../src/common/clock';
import { type INestApplication, StandardSchemaValidationPipe } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import type { AuditService } from '../../src/auth/audit.service';
import { AppExceptionFilter } from '../../src/common/http/app-exception.filter';
import { newId } from '../../src/common/id';
import { AttachmentRepository } from '../../src/mail/message/attachment.repository';
import { EmailQueryRepository } from '../../src/mail/message/email-query.repository';
import { EmailController } from '../../src/mail/message/email.controller';
import { emailPage, emailView } from '../../src/mail/message/email.dto';
import { EmailRepository } from '../../src/mail/message/email.repository';
import { MailFilesService } from '../../src/mail/message/mail-files.service';
import { MessageService } from '../../src/mail/message/message.service';
import { MailParserPool } from '../../src/mail/message/parse/mail-parser-pool';
import { RawMessageRepository } from '../../src/mail/message/raw-message.repository';
import { ThreadToken } from '../../src/mail/thread/thread-token';
import { ThreadController } from '../../src/mail/thread/thread.controller';
import { threadDetailView, threadPage } from '../../src/mail/thread/thread.dto';
import { ThreadRepository } from '../../src/mail/thread/thread.repository';
import { THREAD_MODEL, type ThreadDoc, threadSchema } from '../../src/mail/thread/thread.schema';
import { ThreadService } from '../../src/mail/thread/thread.service';
import { aBucket, aConfig, aMailStore, aModel, FrozenClock } from '../support/mail-store';
import { startStore, type TestStore } from '../support/store';

const USER = { id: newId(), username: 'agent', role: 'agent' };
const RAW = Buffer.from(
  'Message-ID: <1@x.test>\r\nFrom: Ann <ann@x.test>\r\nTo: support@shop.test\r\nSubject: Broken\r\n' +
    'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Hi<script>alert(1)</script></p>\r\n' +
    "--b\r\nContent-Type: text/html\r\nContent-Disposition: attachment; filename*=utf-8''R%C3%A9sum%C3%A9%22.html\r\n\r\n" +
    '<script>alert(1)</script>\r\n--b--\r\n',
);

describe('GET /emails and /threads', () => {
  let store: TestStore;
  let app: INestApplication;
  let emailId: string;
  let threadId: string;
  const parser = new MailParserPool();
  const http = () => request(app.getHttpServer());

  beforeAll(async () => {
    store = await startStore();
    const clock = new FrozenClock();
    const mail = await aMailStore(store.connection, clock);
    const attachments = new AttachmentRepository(...(await aBucket(store.connection, 'attachments')), clock);
    const threads = new ThreadRepository(
      await aModel<ThreadDoc>(store.connection, THREAD_MODEL, threadSchema),
      new Clock(),
    );
    const audit = { record: async () => undefined } as unknown as AuditService;
    const threadService = new ThreadService(threads, mail.emailQueries, new ThreadToken(aConfig()), clock, audit);
    const provide = <T>(token: unknown, useValue: T) => ({ provide: token as never, useValue });
    const module = await Test.createTestingModule({
      controllers: [EmailController, ThreadController],
      providers: [
        MailFilesService,
        provide(EmailRepository, mail.emails),
        provide(EmailQueryRepository, mail.emailQueries),
        provide(RawMessageRepository, mail.rawMessages),
        provide(AttachmentRepository, attachments),
        provide(ThreadRepository, threads),
        provide(ThreadService, threadService),
      ],
    }).compile();
    app = module.createNestApplication();
    app.useGlobalPipes(new StandardSchemaValidationPipe());
    app.useGlobalFilters(new AppExceptionFilter({ warn() {}, error() {}, info() {}, debug() {} } as never));
    app.use((req: { user: unknown }, _res: unknown, next: () => void) => {
      req.user = USER;
      next();
    });
    await app.init();

    const accepted = await mail.intake.accept(
      { id: newId(), name: 'Support' },
      { source: 'upload', bytes: RAW, receivedAt: clock.now() },
    );
    emailId = accepted.emailId;
    const service = new MessageService(mail.rawMessages, attachments, mail.emailQueries, parser);
    const parsed = await service.parseRaw(accepted.rawId);
    const entry = { at: clock.now(), from: 'received', event: 'parse', to: 'parsed', reason: null } as const;
    const email = await mail.emails.transition(emailId, 'received', { state: 'parsed', parsed }, entry);
    threadId = await threadService.assign(email!, ['support@shop.test']);
    await mail.emails.transition(emailId, 'parsed', { state: 'parsed', threadId }, { ...entry, from: 'parsed' });
  });
  afterAll(async () => {
    await app.close();
    await parser.onApplicationShutdown();
    await store.stop();
  });

  it('lists emails by filter, without texts', async () => {
    const { body } = await http().get('/emails?q=ANN&state=parsed&limit=5').expect(200);
    expect(emailPage.parse(body).items).toMatchObject([
      {
        id: emailId,
        subject: 'Broken',
        from: { name: 'Ann', address: 'ann@x.test' },
        attachmentCount: 1,
        source: 'upload',
      },
    ]);
    expect(JSON.stringify(body)).not.toContain('<p>');
    expect((await http().get('/emails?q=bob').expect(200)).body.items).toEqual([]);
  });

  it.each(['state=nonsense', 'limit=1000', 'cursor=x', 'q[$ne]=x', 'state[$ne]=done', 'mailboxId=x', 'unknown=1'])(
    'refuses ?%s',
    async (query) => {
      await http().get(`/emails?${query}`).expect(400);
    },
  );

  it('shows one email in full, its HTML sanitised', async () => {
    const { body } = await http().get(`/emails/${emailId}`).expect(200);
    const email = emailView.parse(body);
    expect(email.content).toMatchObject({ text: 'Hi', html: '<p>Hi</p>', messageId: '<1@x.test>' });
    expect(email.history.map((entry) => entry.event)).toEqual(['parse', 'parse']);
  });

  it('gives the untouched bytes as a download', async () => {
    const response = await http().get(`/emails/${emailId}/raw`).buffer(true).parse(bytesOf).expect(200);
    expect(response.headers).toMatchObject({
      'content-type': 'message/rfc822',
      'content-disposition': expect.stringContaining(`attachment; filename="${emailId}.eml"`),
      'x-content-type-options': 'nosniff',
    });
    expect(RAW.equals(response.body)).toBe(true);
  });

  it('gives attachments as downloads of a generic type, whatever they claim to be', async () => {
    const { body } = await http().get(`/emails/${emailId}/attachments`).expect(200);
    expect(body.items).toMatchObject([
      { index: 0, filename: 'Résumé_.html', contentType: 'text/html', isInline: false },
    ]);
    const response = await http().get(`/emails/${emailId}/attachments/0`).buffer(true).parse(bytesOf).expect(200);
    expect(response.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment; filename="R_sum__.html"; filename*=UTF-8\'\'R%C3%A9sum%C3%A9_.html',
      'content-length': '25',
      'x-content-type-options': 'nosniff',
    });
    expect(String(response.body)).toBe('<script>alert(1)</script>');
  });

  it('says what is not there', async () => {
    await http().get(`/emails/${newId()}`).expect(404);
    await http().get(`/emails/${newId()}/raw`).expect(404);
    await http().get(`/emails/${emailId}/attachments/7`).expect(404);
    await http().get(`/emails/${emailId}/attachments/-1`).expect(400);
    await http().get('/emails/not-an-id').expect(400);
    await http().get(`/threads/${newId()}`).expect(404);
    await http().patch(`/threads/${newId()}`).send({ status: 'solved' }).expect(404);
  });

  it('lists and shows threads, and changes what people may change', async () => {
    const { body: page } = await http().get('/threads?status=open').expect(200);
    expect(threadPage.parse(page).items).toMatchObject([{ id: threadId, subject: 'Broken', emailCount: 1 }]);
    const { body: thread } = await http().get(`/threads/${threadId}`).expect(200);
    expect(threadDetailView.parse(thread).emails.map((email) => email.id)).toEqual([emailId]);
    const changed = await http()
      .patch(`/threads/${threadId}`)
      .send({ status: 'solved', assignee: USER.id })
      .expect(200);
    expect(changed.body).toMatchObject({ status: 'solved', assignee: USER.id });
    for (const body of [{}, { status: 'nonsense' }, { subject: 'x' }, { assignee: { $ne: null } }]) {
      await http().patch(`/threads/${threadId}`).send(body).expect(400);
    }
  });
});

function bytesOf(response: request.Response, done: (error: Error | null, body: Buffer) => void): void {
  const parts: Buffer[] = [];
  const stream = response as unknown as NodeJS.ReadableStream;
  stream.on('data', (part: Buffer) => parts.push(part));
  stream.on('end', () => done(null, Buffer.concat(parts)));
}
