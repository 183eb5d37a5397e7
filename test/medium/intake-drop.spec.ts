import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { armFailpoints } from '../../src/common/failpoint';
import { DropFolderService } from '../../src/mail/intake/drop-folder.service';
import { MailIntake } from '../../src/mail/intake/mail-intake.service';
import type { Mailbox } from '../../src/mail/mailbox/mailbox.types';
import type { RawIntakeService } from '../../src/mail/message/raw-intake.service';
import { eventually } from '../support/eventually';
import { aMailbox, anIntakeStore, type IntakeStore, quietLogger } from '../support/intake-store';
import { startStore, type TestStore } from '../support/store';

jest.setTimeout(30_000);

const MAIL = 'From: ada@customer.example\r\nMessage-ID: <1@customer.example>\r\nSubject: Dropped\r\n\r\nHello\r\n';

describe('drop folder', () => {
  let store: TestStore;
  let dir: string;
  let intake: IntakeStore;
  let mailbox: Mailbox;
  let drop: DropFolderService;
  let isStoreAway: boolean;

  beforeEach(async () => {
    store = await startStore();
    dir = mkdtempSync(join(tmpdir(), 'mailwright-drop-'));
    intake = await anIntakeStore(store.connection, { DROP_DIR: dir, MAIL_MAX_BYTES: 65_536 });
    mailbox = await intake.mailboxes.insert(aMailbox({ managed: 'builtin' }));
    isStoreAway = false;
    const accept: RawIntakeService['accept'] = (to, mail) =>
      isStoreAway ? Promise.reject(new Error('not primary')) : intake.intake.accept(to, mail);
    const mails = new MailIntake({ accept } as RawIntakeService, intake.config, intake.clock);
    drop = new DropFolderService(intake.directory, mails, intake.config, quietLogger);
    await drop.start();
    // The test looks by itself: nothing may happen between two steps.
    await drop.beforeApplicationShutdown();
  });

  afterEach(async () => {
    armFailpoints('');
    await drop.beforeApplicationShutdown();
    await store.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const put = (name: string, content: string | Buffer = MAIL): void => writeFileSync(join(dir, name), content);
  const files = (folder = ''): string[] =>
    readdirSync(join(dir, folder), { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => entry.name)
      .sort();
  const look = async (times = 2): Promise<void> => {
    for (let time = 0; time < times; time++) await drop.look();
  };

  it('takes a mail and moves it to done', async () => {
    put('one.eml');
    await look();
    expect(await intake.subjectsOf(mailbox.id)).toEqual(['Dropped']);
    expect([files(), files('done'), files('failed')]).toEqual([[], ['one.eml'], []]);
  });

  it('notices a file by itself', async () => {
    await drop.start();
    put('one.eml');
    await eventually(async () => (existsSync(join(dir, 'done', 'one.eml')) ? true : null));
  });

  it('waits until a file is written to its end', async () => {
    put('slow.eml', MAIL.slice(0, 40));
    await look(1);
    appendFileSync(join(dir, 'slow.eml'), MAIL.slice(40, 60));
    await look(1);
    appendFileSync(join(dir, 'slow.eml'), MAIL.slice(60));
    await look(1);
    expect(await intake.rawOf(mailbox.id)).toEqual([]);
    await look(1);
    expect(await intake.subjectsOf(mailbox.id)).toEqual(['Dropped']);
  });

  it('leaves other files, hidden ones and folders alone', async () => {
    put('notes.txt');
    put('.one.eml');
    await look();
    expect(files()).toEqual(['.one.eml', 'notes.txt']);
  });

  it('says why it refused a file', async () => {
    put('picture.eml', Buffer.from('89504e470d0a1a0a', 'hex'));
    put('empty.eml', '');
    await look();
    expect(files('failed')).toEqual(['empty.eml', 'empty.eml.error.txt', 'picture.eml', 'picture.eml.error.txt']);
    expect(readFileSync(join(dir, 'failed', 'picture.eml.error.txt'), 'utf8')).toBe(
      'The file is not a mail: it has no header line.\n',
    );
  });

  it('lets a file wait while the store is away', async () => {
    isStoreAway = true;
    put('one.eml');
    await look(3);
    expect([files(), files('failed')]).toEqual([['one.eml'], []]);
    isStoreAway = false;
    await look();
    expect([files(), files('done')]).toEqual([[], ['one.eml']]);
  });

  it('does not double a mail when the process ended before the move', async () => {
    armFailpoints('drop.before_move=throw');
    put('one.eml');
    await look();
    expect(files()).toEqual(['one.eml']);
    await look();
    expect([files(), files('done')]).toEqual([[], ['one.eml']]);
    expect(await intake.rawOf(mailbox.id)).toHaveLength(1);
  });

  it('never overwrites what is done', async () => {
    put('one.eml');
    await look();
    put('one.eml', MAIL.replace('Dropped', 'Other').replace('<1@', '<2@'));
    await look();
    expect(files('done')).toHaveLength(2);
    expect(await intake.subjectsOf(mailbox.id)).toEqual(['Dropped', 'Other']);
  });

  it('keeps the headers of a mail that is too large', async () => {
    put('big.eml', MAIL + 'x'.repeat(70_000));
    await look();
    expect(await intake.rawOf(mailbox.id)).toMatchObject([{ oversize: true, source: 'drop' }]);
    expect(await intake.subjectsOf(mailbox.id)).toEqual(['Dropped']);
  });
});
