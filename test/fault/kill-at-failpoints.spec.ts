import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiClient } from '../support/api-client';
import { ADMIN, TEST_SECRETS } from '../support/app';
import { eventually } from '../support/eventually';
import { type FakeOpenAi, startFakeOpenAi } from '../support/fake-openai';
import { freePort } from '../support/free-port';
import { sendMail } from '../support/mail';
import { type StartedProcess, startProcess } from '../support/process';
import { type SmtpSink, startSmtpSink } from '../support/smtp-sink';
import { startStore, type TestStore } from '../support/store';

/** Places along the path of one mail where the process is killed as by `kill -9`. */
const BEFORE_REVIEW = [
  'intake.after_raw',
  'workflow.before_parse',
  'parse.after_attachments',
  'workflow.checkpointed_parse',
  'workflow.after_screen',
  'workflow.checkpointed_screen',
  'llm.before_call',
  'llm.after_call',
  'llm.after_ledger',
  'workflow.after_classify',
  'workflow.checkpointed_classify',
  'workflow.after_draft',
  'workflow.checkpointed_draft',
  'workflow.after_decide',
  'workflow.after_act',
] as const;

const AFTER_APPROVAL = [
  'workflow.before_queue',
  'workflow.after_queue',
  'workflow.checkpointed_queue',
  'outbox.before_attempt_record',
  'outbox.after_attempt_record',
  'outbox.before_data',
  'outbox.after_250',
  'outbox.after_sent',
  'workflow.after_settle',
] as const;

interface Row {
  id: string;
  state: string;
  stateReason: string | null;
  replyId: string | null;
}

describe('kill -9 at a named failpoint, restarted once', () => {
  let store: TestStore;
  let sink: SmtpSink;
  let llm: FakeOpenAi;

  beforeAll(async () => {
    store = await startStore();
    sink = await startSmtpSink();
    llm = await startFakeOpenAi();
  }, 60_000);

  afterAll(async () => {
    await llm?.stop();
    await sink?.stop();
    await store?.stop();
  });

  /** One mailbox and database of its own for each point, so that points do not see each other's mail. */
  async function scenario(name: string) {
    const uri = new URL(store.uri);
    uri.pathname += `_${name.replaceAll('.', '_')}`;
    const intakePort = await freePort();
    const dataDir = mkdtempSync(join(tmpdir(), 'mailwright-kill-'));
    const env = {
      NODE_ENV: 'test',
      LOG_LEVEL: 'warn',
      DATA_DIR: dataDir,
      MONGO_URI: uri.href,
      ...TEST_SECRETS,
      ADMIN_PASSWORD: ADMIN.password,
      PORT: '0',
      SMTP_INTAKE_PORT: String(intakePort),
      MAILBOX_ADDRESS: 'support@shop.example',
      MAILBOX_SMTP_HOST: '127.0.0.1',
      MAILBOX_SMTP_PORT: String(sink.port),
      MAILBOX_SMTP_SECURITY: 'none',
      OPENAI_BASE_URL: llm.url,
      WORKFLOW_LEASE_SECONDS: '2',
      UNDO_WINDOW_SECONDS: '0',
      UNKNOWN_GRACE_SECONDS: '1',
    };
    return { env, intakePort, dataDir };
  }

  async function loginAt(server: StartedProcess): Promise<ApiClient> {
    return ApiClient.login(server.url, ADMIN.username, ADMIN.password);
  }

  /** Without an article there is nothing to answer with. */
  async function teach(api: ApiClient): Promise<void> {
    const body = 'Open the login page and press "Forgot password". We send you a link to reset your password.';
    await api.post('/knowledge', { title: 'Reset your password', body, language: 'en', status: 'published' });
  }

  async function untilReviewed(api: ApiClient): Promise<Row> {
    let seen: unknown = null;
    return eventually(
      async () => {
        const { items } = await api.get<{ items: Row[] }>('/emails');
        seen = items;
        return items[0]?.state === 'in_review' ? items[0] : null;
      },
      30_000,
      () => seen,
    );
  }

  /** Ends when the email has ended, or when the reply waits for a person because nobody can tell whether it left. */
  async function untilEnded(api: ApiClient, emailId: string): Promise<string> {
    return eventually(async () => {
      const { items } = await api.get<{ items: { state: string }[] }>(`/outbox?emailId=${emailId}`);
      const email = await api.get<Row>(`/emails/${emailId}`);
      const outbox = items[0]?.state;
      if (outbox === 'held') return 'held';
      return email.state === 'done' && outbox === 'sent' ? 'sent' : null;
    }, 30_000);
  }

  /** As a mail server does: tries again until the mail is taken. */
  async function deliver(port: number, messageId: string): Promise<void> {
    const mail = { messageId, to: 'support@shop.example', subject: 'How do I reset my password?' };
    await eventually(async () => sendMail(port, mail).catch(() => null), 20_000);
  }

  async function expectInvariants(api: ApiClient, from: number, calls: number, end: string): Promise<void> {
    const { items } = await api.get<{ items: Row[] }>('/emails');
    expect(items).toHaveLength(1); // no mail lost, none twice
    const deliveries = sink.delivered.length - from;
    expect(deliveries).toBeLessThanOrEqual(1); // no reply twice
    if (end === 'sent') expect(deliveries).toBe(1);
    expect(llm.requests.length - calls).toBeLessThanOrEqual(2 + 1); // steps that ask a model + crashes
  }

  it.each(BEFORE_REVIEW)(
    '%s',
    async (name) => {
      const { env, intakePort, dataDir } = await scenario(name);
      const [deliveredBefore, callsBefore] = [sink.delivered.length, llm.requests.length];
      const messageId = `<${name}@customer.example>`;
      const doomed = await startProcess({ ...env, FAILPOINTS: `${name}=exit` });
      await teach(await loginAt(doomed));
      await sendMail(intakePort, { messageId, to: 'support@shop.example' }).catch(() => null);
      expect(await doomed.exited).toBe('SIGKILL');

      const server = await startProcess(env);
      try {
        await deliver(intakePort, messageId); // the sender got no answer, or sends a duplicate: both must do no harm
        const api = await loginAt(server);
        const email = await untilReviewed(api);
        await api.post(`/replies/${email.replyId}/approve`);
        const end = await untilEnded(api, email.id);
        expect(end).toBe('sent');
        await expectInvariants(api, deliveredBefore, callsBefore, end);
      } finally {
        await server.stop();
        rmSync(dataDir, { recursive: true, force: true });
      }
    },
    90_000,
  );

  it.each(AFTER_APPROVAL)(
    '%s',
    async (name) => {
      const { env, intakePort, dataDir } = await scenario(name);
      const [deliveredBefore, callsBefore] = [sink.delivered.length, llm.requests.length];
      const doomed = await startProcess({ ...env, FAILPOINTS: `${name}=exit` });
      const before = await loginAt(doomed);
      await teach(before);
      await sendMail(intakePort, { messageId: `<${name}@customer.example>`, to: 'support@shop.example' });
      const email = await untilReviewed(before);
      await before.post(`/replies/${email.replyId}/approve`).catch(() => null); // it may die while it answers
      expect(await doomed.exited).toBe('SIGKILL');

      const server = await startProcess(env);
      try {
        const api = await loginAt(server);
        const end = await untilEnded(api, email.id);
        await expectInvariants(api, deliveredBefore, callsBefore, end);
        // Only a death between the attempt record and the stored outcome leaves a doubt.
        const inDoubt = ['outbox.after_attempt_record', 'outbox.before_data', 'outbox.after_250'].includes(name);
        if (!inDoubt) expect(end).toBe('sent');
      } finally {
        await server.stop();
        rmSync(dataDir, { recursive: true, force: true });
      }
    },
    90_000,
  );
});
