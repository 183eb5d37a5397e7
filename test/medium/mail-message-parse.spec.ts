import type { Connection } from 'mongoose';
import { armFailpoints } from '../../src/common/failpoint';
import { AttachmentRepository } from '../../src/mail/message/attachment.repository';
import { MessageService } from '../../src/mail/message/message.service';
import { MailParserPool } from '../../src/mail/message/parse/mail-parser-pool';
import { aBucket, aMailStore, FrozenClock } from '../support/mail-store';
import { startStore, type TestStore } from '../support/store';

const MAILBOX = { id: 'a'.repeat(24), name: 'Support' };
const part = (name: string, body: string): string =>
  `--b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=${name}\r\n\r\n${body}\r\n`;
const aMail = (id: string, parts: string, headers = ''): Buffer =>
  Buffer.from(
    `${headers}Message-ID: <${id}@x.test>\r\nFrom: a@x.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n` +
      `--b\r\n\r\nSee attached.\r\n${parts}--b--\r\n`,
  );

describe('MessageService on a real store', () => {
  let store: TestStore;
  let mail: Awaited<ReturnType<typeof aMailStore>>;
  let attachments: AttachmentRepository;
  let parser: MailParserPool;
  let service: MessageService;

  beforeAll(async () => {
    store = await startStore();
    const clock = new FrozenClock();
    mail = await aMailStore(store.connection, clock);
    attachments = new AttachmentRepository(...(await aBucket(store.connection, 'attachments')), clock);
    parser = new MailParserPool();
    service = new MessageService(mail.rawMessages, attachments, mail.emailQueries, parser);
  });
  afterAll(async () => {
    await parser.onApplicationShutdown();
    await store.stop();
  });
  afterEach(() => armFailpoints(''));

  const accept = (bytes: Buffer, oversize = false) =>
    mail.intake.accept(MAILBOX, { source: 'upload', bytes, receivedAt: new Date(), oversize });
  const read = async (fileId: string): Promise<string> => {
    const parts: Buffer[] = [];
    for await (const chunk of attachments.openStream(fileId)) parts.push(chunk as Buffer);
    return Buffer.concat(parts).toString();
  };

  it('parses stored bytes and stores the attachments', async () => {
    const { rawId } = await accept(aMail('1', part('a.csv', 'a,b') + part('b.csv', 'x'.repeat(600_000))));
    const parsed = await service.parseRaw(rawId);
    expect(parsed).toMatchObject({ messageId: '<1@x.test>', text: 'See attached.', authentication: null });
    expect(parsed.attachments).toMatchObject([
      { fileId: `${rawId}-0`, filename: 'a.csv', contentType: 'text/csv', size: 3 },
      { fileId: `${rawId}-1`, filename: 'b.csv', size: 600_000 },
    ]);
    expect(await read(`${rawId}-0`)).toBe('a,b');
    expect(await read(`${rawId}-1`)).toBe('x'.repeat(600_000));
    expect(await attachments.exists(`${rawId}-2`)).toBe(false);
    await expect(read(`${rawId}-2`)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it.each(['parse.before_attachments', 'parse.after_attachments'])(
    'gives the same result and leaves no second copy after a crash at %s',
    async (point) => {
      const { rawId } = await accept(aMail(point, part('a.csv', 'x'.repeat(300_000))));
      armFailpoints(`${point}=throw`);
      await expect(service.parseRaw(rawId)).rejects.toThrow('failpoint');
      const parsed = await service.parseRaw(rawId);
      expect(await service.parseRaw(rawId)).toEqual(parsed);
      expect(await filesOf(store.connection, rawId)).toEqual({ files: 1, chunks: 2 });
    },
  );

  it('deletes attachments', async () => {
    const { rawId } = await accept(aMail('delete', part('a.csv', 'a')));
    const parsed = await service.parseRaw(rawId);
    await attachments.delete(parsed.attachments);
    expect(await filesOf(store.connection, rawId)).toEqual({ files: 0, chunks: 0 });
  });

  it('believes Authentication-Results of the configured host only', async () => {
    const header = 'Authentication-Results: mx.shop.test; dmarc=pass\r\nReceived: from x by mx.shop.test; now\r\n';
    const { rawId } = await accept(aMail('auth', '', header));
    expect((await service.parseRaw(rawId)).authentication).toBeNull();
    expect((await service.parseRaw(rawId, { authservIds: ['mx.shop.test'] })).authentication).toMatchObject({
      dmarc: 'pass',
    });
  });

  it('keeps both mails that use one Message-ID and tells of the second', async () => {
    const first = await accept(aMail('reused', part('a.csv', 'one')));
    const parsed = await service.parseRaw(first.rawId);
    expect(parsed.flags).toEqual([]);
    const entry = { at: new Date(), from: 'received', event: 'parse', to: 'parsed', reason: null } as const;
    await mail.emails.transition(first.emailId, 'received', { state: 'parsed', parsed }, entry);
    expect((await service.parseRaw(first.rawId)).flags).toEqual([]);

    const second = await accept(aMail('reused', part('a.csv', 'two')));
    expect((await service.parseRaw(second.rawId)).flags).toEqual(['message_id_reused']);
  });

  it('tells of a mail of which only the headers were kept', async () => {
    const { rawId } = await accept(Buffer.from('From: a@x.test\r\nSubject: huge\r\n\r\n'), true);
    expect((await service.parseRaw(rawId)).flags).toContain('oversize');
  });

  it('refuses a mail above the limits for good, and an unknown one', async () => {
    const { rawId } = await accept(aMail('bomb', part('a.csv', 'a').repeat(600)));
    await expect(service.parseRaw(rawId)).rejects.toMatchObject({ code: 'MAIL_LIMIT', retryable: false });
    await expect(service.parseRaw('f'.repeat(24))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

async function filesOf(connection: Connection, rawId: string): Promise<{ files: number; chunks: number }> {
  const id = `${rawId}-0`;
  return {
    files: await connection.db!.collection<{ _id: string }>('attachments.files').countDocuments({ _id: id }),
    chunks: await connection.db!.collection('attachments.chunks').countDocuments({ files_id: id }),
  };
}
