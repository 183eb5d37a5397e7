import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simpleParser } from 'mailparser';
import { ApiClient } from '../support/api-client';
import { eventually } from '../support/eventually';
import { freePort } from '../support/free-port';
import { sendMail } from '../support/mail';
import { startProcess, type StartedProcess } from '../support/process';

interface EmailRow {
  id: string;
  state: string;
  stateReason: string | null;
  replyId: string | null;
  classification: { category: string; language: string | null; summary: string } | null;
}

const AT_REST = ['in_review', 'needs_human', 'ignored', 'done'];

interface ReplyRow {
  id: string;
  state: string;
  text: string;
  citations: { passageId: string }[];
}

/** Replies captured as files; the folder is made with the first one. */
function captured(dataDir: string): string[] {
  const folder = join(dataDir, 'outbox');
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.eml')) : [];
}

/** The README's promise: two commands, a mail in, an answer out, and the history tells the story. */
describe('first run without any configuration', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'mailwright-first-run-'));
  let server: StartedProcess;
  let api: ApiClient;
  let smtpPort: number;

  beforeAll(async () => {
    smtpPort = await freePort();
    server = await startProcess({
      DATA_DIR: dataDir,
      PORT: '0',
      SMTP_INTAKE_PORT: String(smtpPort),
      LOG_LEVEL: 'info',
    });
    const password = /Log in as\s+admin \/ (\S+)/.exec(server.output())?.[1];
    api = await ApiClient.login(server.url, 'admin', password!);
  }, 60_000);

  afterAll(async () => {
    await server?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }, 60_000);

  it('is ready in under 5 s and says where it is, how to log in and what it does', () => {
    expect(server.readyMs).toBeLessThan(5_000);
    expect(server.output()).toContain('Store       embedded');
    expect(server.output()).toContain(`SMTP 127.0.0.1:${smtpPort}`);
    expect(server.output()).toContain('captured in');
  });

  it('loads the sample mailbox and its articles, and works on them', async () => {
    const sample = await eventually(async () => {
      const { items } = await api.get<{ items: EmailRow[] }>('/emails?limit=100');
      return items.length >= 8 && items.every(({ state }) => AT_REST.includes(state)) ? items : null;
    }, 20_000);
    expect(sample.filter(({ state }) => state === 'in_review').length).toBeGreaterThanOrEqual(3);
    expect(sample.filter(({ state }) => state === 'ignored').map(({ stateReason }) => stateReason)).toEqual([
      'auto_submitted',
    ]);
  }, 30_000);

  it('classifies and drafts a mail within 2 s, and captures the approved reply with the right headers', async () => {
    const sentAt = performance.now();
    const { messageId } = await sendMail(smtpPort, { subject: 'Password reset does not work' });
    const email = await eventually(async () => {
      const { items } = await api.get<{ items: EmailRow[] }>('/emails?limit=1&q=password reset does');
      return items[0]?.state === 'in_review' ? items[0] : null;
    });
    expect(performance.now() - sentAt).toBeLessThan(2_000);
    expect(email.classification).toMatchObject({ category: 'account', language: 'en' });

    const reply = await api.get<ReplyRow>(`/replies/${email.replyId}`);
    expect(reply.citations.length).toBeGreaterThan(0);
    await api.post(`/replies/${reply.id}/approve`);

    const file = await eventually(async () => captured(dataDir)[0], 20_000);
    const mail = await simpleParser(readFileSync(join(dataDir, 'outbox', file)));
    expect(mail.inReplyTo).toBe(messageId);
    expect([mail.references].flat()).toEqual([messageId]);
    expect(mail.headers.get('auto-submitted')).toBe('auto-replied');
    expect(mail.subject).toBe('Re: Password reset does not work');
    expect([mail.to].flat()[0]?.value[0]?.address).toBe('ada@customer.example');

    await eventually(async () => ((await api.get<EmailRow>(`/emails/${email.id}`)).state === 'done' ? true : null));
    const { items: runs } = await api.get<{ items: { outcome: string; steps: { name: string; outcome: string }[] }[] }>(
      `/workflow/runs?emailId=${email.id}`,
    );
    const steps = runs
      .reverse()
      .flatMap((run) => run.steps.filter(({ outcome }) => outcome === 'ok').map(({ name }) => name));
    for (const name of ['parse', 'screen', 'classify', 'draft', 'decide', 'act', 'queue', 'settle'])
      expect(steps).toContain(name);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toMatch(/email_agent_emails_sent_total\{[^}]*mode="human"[^}]*\} 1/);
  }, 40_000);

  it('never logs an address, a subject or a password', () => {
    const password = /Log in as\s+admin \/ (\S+)/.exec(server.output())![1]!;
    const logLines = server
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'));
    expect(logLines.length).toBeGreaterThan(3);
    const logs = logLines.join('\n');
    for (const secret of ['ada@customer.example', 'Password reset', password]) expect(logs).not.toContain(secret);
  });

  it('stops cleanly on SIGTERM and keeps everything for the next start', async () => {
    const before = await api.get<{ byState: Record<string, number> }>('/workflow/stats');
    expect(['SIGTERM', 0]).toContain(await server.stop());
    server = await startProcess({ DATA_DIR: dataDir, PORT: '0', SMTP_INTAKE_PORT: String(smtpPort) });
    expect(server.output()).not.toContain('Log in as');
    const after = await api.at(server.url).get<{ byState: Record<string, number> }>('/workflow/stats');
    expect(after.byState).toEqual(before.byState);
  }, 60_000);
});
