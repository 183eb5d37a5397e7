// What the whole path costs: `npm run bench:pipeline -- [--mails 1000] [--skip-latency] [--json]`. Needs Dovecot and Postfix.
import { parseArgs } from 'node:util';
import { startFakeOpenAi } from '../../test/support/fake-openai';
import { MailStack } from '../../test/support/mailstack';
import { type BareFigures, bareFetch } from './bare-fetch';
import { makeMails } from './mails';
import { mailwrightRun, type RunFigures } from './mailwright-run';

const MODEL_MS = 1_500;
const CONCURRENCY = 64;
const CALLS_PER_MAIL = 2;
const RUN_TIMEOUT_MS = 900_000;

interface Report {
  bare: BareFigures;
  instant: RunFigures;
  /** Mails a CPU second of Mailwright, divided by mails a CPU second of the bare fetch. */
  ratio: number;
  /** The same with the CPU of the store counted to Mailwright. */
  ratioWithStore: number;
  latency: (RunFigures & { idealSeconds: number; shareOfIdeal: number }) | null;
}

const ms = (seconds: number, mails: number): string => `${((seconds / mails) * 1000).toFixed(2)} ms CPU/mail`;
const rate = (mails: number, seconds: number): string => `${(mails / seconds).toFixed(1)} mails/s`;

async function measure(count: number, withLatency: boolean): Promise<Report> {
  const stack = await MailStack.start(3);
  const llm = await startFakeOpenAi();
  const run = (user: string, env: Record<string, string> = {}): Promise<RunFigures> =>
    mailwrightRun({ stack, user, mails: makeMails(count, user), llm, env, timeoutMs: RUN_TIMEOUT_MS });
  try {
    await stack.seed('u1@support.test', makeMails(count, 'u1@support.test'));
    // Once, like Mailwright's pass: both begin with code that V8 has not compiled yet.
    const bare = await bareFetch(stack, 'u1@support.test');
    llm.setMode('instant');
    const instant = await run('u2@support.test');
    const cpuOfBareMail = bare.cpuSeconds / bare.mails;
    return {
      bare,
      instant,
      ratio: cpuOfBareMail / (instant.appCpuSeconds / count),
      ratioWithStore: cpuOfBareMail / ((instant.appCpuSeconds + instant.storeCpuSeconds) / count),
      latency: withLatency ? await measureLatency() : null,
    };
  } finally {
    await llm.stop();
    await stack.stop();
  }

  async function measureLatency(): Promise<NonNullable<Report['latency']>> {
    llm.setMode('slow', { ms: MODEL_MS });
    const limits = { LLM_CONCURRENCY: String(CONCURRENCY), WORKFLOW_CONCURRENCY: String(CONCURRENCY) };
    const figures = await run('u3@support.test', limits);
    const idealSeconds = (count * CALLS_PER_MAIL * (MODEL_MS / 1000)) / CONCURRENCY;
    return { ...figures, idealSeconds, shareOfIdeal: idealSeconds / figures.secondsFromFirstCall };
  }
}

function print({ bare, instant, ratio, ratioWithStore, latency }: Report): void {
  console.log(`bare fetch + parse   ${rate(bare.mails, bare.seconds)}, ${ms(bare.cpuSeconds, bare.mails)}`);
  describe('Mailwright           ', instant);
  console.log(
    `  per CPU second ${ratio.toFixed(2)} of bare fetch + parse (aim 0.25); ${ratioWithStore.toFixed(2)} with the store's CPU`,
  );
  if (!latency) return;
  describe(`model of ${MODEL_MS} ms, ${CONCURRENCY} at once`, latency);
  console.log(`  ${(latency.shareOfIdeal * 100).toFixed(1)} % of the ideal rate (aim 90 %)`);
}

function describe(name: string, figures: RunFigures): void {
  const { mails, seconds, appCpuSeconds, storeCpuSeconds, appPeakMb, storePeakMb, byState, modelCalls } = figures;
  console.log(`${name}  ${rate(mails, seconds)}, app ${ms(appCpuSeconds, mails)}, store ${ms(storeCpuSeconds, mails)}`);
  console.log(
    `  peak RSS app ${appPeakMb} MB (aim 400), store ${storePeakMb} MB; ${modelCalls} model calls; ended as`,
    byState,
  );
}

const { values } = parseArgs({
  options: {
    mails: { type: 'string', default: '1000' },
    'skip-latency': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
measure(Number(values.mails), !values['skip-latency'])
  .then((report) => {
    if (values.json) console.log(JSON.stringify(report, null, 2));
    else print(report);
    // A mail without a draft makes every other figure worthless.
    if ([report.instant, report.latency].some((run) => run && run.byState.in_review !== run.mails))
      process.exitCode = 1;
  })
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
