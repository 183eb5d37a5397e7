import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient } from '../../test/support/api-client';
import { ADMIN, TEST_SECRETS } from '../../test/support/app';
import type { FakeOpenAi } from '../../test/support/fake-openai';
import { MailStack } from '../../test/support/mailstack';
import { type StartedProcess, startProcess } from '../../test/support/process';
import { CpuMeter, peakMegabytesOf } from './usage';

export interface RunFigures {
  mails: number;
  /** Final states and their counts; everything but `in_review` is a finding. */
  byState: Record<string, number>;
  /** From the moment the mails lie in the folder. */
  seconds: number;
  /** From the first call to the model; resolution one second. */
  secondsFromFirstCall: number;
  appCpuSeconds: number;
  storeCpuSeconds: number;
  /** Peak of the process that runs Mailwright, parser thread included; the store is a process of its own. */
  appPeakMb: number;
  storePeakMb: number;
  modelCalls: number;
}

export interface RunOptions {
  stack: MailStack;
  user: string;
  mails: Buffer[];
  llm: FakeOpenAi;
  env?: Record<string, string>;
  timeoutMs: number;
}

/** Asking costs the measured process some milliseconds: once a second. */
const POLL_MS = 1_000;
const FIRST_CALL_POLL_MS = 20;
const ARTICLE =
  'Open the login page and press "Forgot password". We send you a link to reset your password, valid for a day.';
/** A mail that came to rest; without anything left in the other states the work is done. */
const AT_REST = ['in_review', 'needs_human', 'ignored', 'done', 'quarantined'];

/** Mailwright as a process of its own on the embedded store: all mails are put into its mailbox at once, all get drafts. */
export async function mailwrightRun(options: RunOptions): Promise<RunFigures> {
  const dataDir = mkdtempSync(join(tmpdir(), 'mailwright-bench-'));
  const server = await startProcess(environment(dataDir, options));
  try {
    const api = await ApiClient.login(server.url, ADMIN.username, ADMIN.password);
    const article = { title: 'Reset your password', body: ARTICLE, language: 'en', status: 'published' };
    await api.post('/knowledge', article);
    return await measure(server, api, dataDir, options);
  } finally {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function environment(dataDir: string, { stack, user, llm, env }: RunOptions): Record<string, string> {
  const caFile = join(dataDir, 'ca.pem');
  writeFileSync(caFile, stack.ca);
  return {
    NODE_ENV: 'production',
    LOG_LEVEL: 'info',
    DATA_DIR: dataDir,
    ...TEST_SECRETS,
    ADMIN_PASSWORD: ADMIN.password,
    PORT: '0',
    SMTP_INTAKE_PORT: '0',
    SAMPLE_MAIL: 'false',
    MAILBOX_ADDRESS: user,
    MAILBOX_IMAP_HOST: '127.0.0.1',
    MAILBOX_IMAP_PORT: String(stack.ports.imaps),
    MAILBOX_IMAP_PASSWORD: MailStack.PASSWORD,
    MAILBOX_TLS_CA_FILE: caFile,
    MAILBOX_FETCH_FROM: 'all',
    OPENAI_BASE_URL: llm.url,
    ...env,
  };
}

async function measure(
  server: StartedProcess,
  api: ApiClient,
  dataDir: string,
  options: RunOptions,
): Promise<RunFigures> {
  const { stack, user, mails, llm, timeoutMs } = options;
  const appPid = server.child.pid!;
  const { pid: storePid } = JSON.parse(readFileSync(join(dataDir, 'store', 'server.json'), 'utf8')) as { pid: number };
  const callsBefore = llm.count();
  await untilConnected(api);
  const meter = new CpuMeter([appPid, storePid]);
  await stack.seed(user, mails);
  const startedMs = performance.now();
  await lookNow(api);
  const firstCallMs = await firstCallAt(llm, callsBefore, startedMs + timeoutMs);
  for (;;) {
    await sleep(POLL_MS);
    const now = performance.now();
    const { byState } = await api.get<{ byState: Record<string, number> }>('/workflow/stats');
    const resting = AT_REST.reduce((sum, state) => sum + (byState[state] ?? 0), 0);
    if (resting < mails.length && now - startedMs < timeoutMs) continue;
    const [appCpuSeconds, storeCpuSeconds] = meter.read() as [number, number];
    return {
      mails: mails.length,
      byState: Object.fromEntries(Object.entries(byState).filter(([, count]) => count > 0)),
      seconds: (now - startedMs) / 1000,
      secondsFromFirstCall: (now - firstCallMs) / 1000,
      appCpuSeconds,
      storeCpuSeconds,
      appPeakMb: peakMegabytesOf(appPid),
      storePeakMb: peakMegabytesOf(storePid),
      modelCalls: llm.count() - callsBefore,
    };
  }
}

async function firstCallAt(llm: FakeOpenAi, callsBefore: number, deadlineMs: number): Promise<number> {
  while (llm.count() === callsBefore && performance.now() < deadlineMs) await sleep(FIRST_CALL_POLL_MS);
  return performance.now();
}

interface MailboxRow {
  id: string;
  sync: { lastSuccessAt: string | null };
}

async function untilConnected(api: ApiClient): Promise<void> {
  for (;;) {
    const { items } = await api.get<{ items: MailboxRow[] }>('/admin/mailboxes');
    if (items[0]?.sync.lastSuccessAt) return;
    await sleep(POLL_MS);
  }
}

async function lookNow(api: ApiClient): Promise<void> {
  const { items } = await api.get<{ items: MailboxRow[] }>('/admin/mailboxes');
  await api.post(`/admin/mailboxes/${items[0]!.id}/sync`);
}
