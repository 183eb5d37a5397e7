import type { PinoLogger } from 'nestjs-pino';
import { ClassificationService, type ClassifyOptions } from '../../src/classification/classification.service';
import type { Classification } from '../../src/classification/classification.types';
import { Clock } from '../../src/common/clock';
import { newId } from '../../src/common/id';
import { WakeUp } from '../../src/common/wake-up';
import type { Claim } from '../../src/database/claim-queue';
import { ClaimLoop, type WorkQueue } from '../../src/jobs/claim-loop';
import { EmailRepository } from '../../src/mail/message/email.repository';
import type { EmailDoc } from '../../src/mail/message/email.schema';
import type { Email } from '../../src/mail/message/email.types';
import { MessageService } from '../../src/mail/message/message.service';
import type { ParsedMail } from '../../src/mail/message/parsed-mail.types';
import { ReplyService } from '../../src/reply/reply.service';
import type { CheckedDraft } from '../../src/reply/reply.types';
import { RunRepository } from '../../src/workflow/run/run.repository';
import type { Run } from '../../src/workflow/run/run.types';
import { WorkflowService } from '../../src/workflow/workflow.service';
import { startApp, type TestApp } from './app';
import { silentLogger } from './llm-parts';

export const LEASE_MS = 2_000;

const CLASSIFICATION: Classification = {
  category: 'account',
  priority: 'normal',
  summary: 'Wants to reset a password.',
  sentiment: 'neutral',
  language: 'en',
  reason: 'The mail names a password.',
  confidence: null,
  engine: 'local',
  model: 'fake',
  promptVersion: null,
};

const DRAFT: CheckedDraft = {
  kind: 'draft',
  text: 'Open the login page and press "Forgot password".',
  html: '<p>Open the login page and press "Forgot password".</p>',
  citations: [],
  missingInformation: [],
  checks: [],
  engine: 'local',
  model: 'fake',
  promptVersion: null,
};

/** A mail of a sender of its own, so that nothing is held as a repetition. */
const parsed = (rawId: string): ParsedMail => ({
  messageId: `<${rawId}@customer.example>`,
  inReplyTo: null,
  references: [],
  from: { name: 'Ada', address: `${rawId}@customer.example` },
  replyTo: [],
  to: [{ name: '', address: 'support@localhost' }],
  cc: [],
  subject: `Question ${rawId}`,
  sentAt: null,
  text: 'How do I reset my password?',
  fullText: 'How do I reset my password?',
  html: null,
  attachments: [],
  authentication: null,
  deliveryReport: null,
  flags: [],
  headers: [],
  searchKeys: [],
});

/** What the capabilities do; a test replaces one to make it slow, fail or lose its lease. */
export interface FakeCapabilities {
  parse(rawId: string): Promise<ParsedMail>;
  classify(options: ClassifyOptions): Promise<Classification>;
  draft(emailId: string): Promise<CheckedDraft>;
}

export interface WorkflowBench {
  app: TestApp;
  emails: EmailRepository;
  fakes: FakeCapabilities;
  /** Emails that each capability was asked about, in order. */
  asked: { parse: string[]; classify: string[]; draft: string[] };
  /** Stores that many new emails, due now. */
  receive(count: number): Promise<string[]>;
  email(id: string): Promise<Email>;
  runs(emailId: string): Promise<Run[]>;
  /** Claims the next due email and works on it, as a loop does. */
  workOnce(signal?: AbortSignal): Promise<Claim<EmailDoc> | null>;
  /** One more worker on the same store. */
  loop(options?: { concurrency?: number; queue?: WorkQueue<EmailDoc> }): ClaimLoop<EmailDoc>;
  /** Makes an email that waits due now, as if the time had passed. */
  elapse(id: string): Promise<void>;
  reset(): void;
  stop(): Promise<void>;
}

const working = (): FakeCapabilities => ({
  parse: (rawId) => Promise.resolve(parsed(rawId)),
  classify: () => Promise.resolve(CLASSIFICATION),
  draft: () => Promise.resolve(DRAFT),
});

/** The real workflow on the real store; only parsing, classification and drafting are fakes, and no loop runs by itself. */
export async function startWorkflowBench(env: Record<string, string> = {}): Promise<WorkflowBench> {
  const app = await startApp({ ROLE: 'api', WORKFLOW_LEASE_SECONDS: String(LEASE_MS / 1000), ...env });
  const nest = app.app;
  const emails = nest.get(EmailRepository);
  const workflow = nest.get(WorkflowService);
  const clock = nest.get(Clock);
  const logger: PinoLogger = silentLogger();
  const { body } = await app.as('get', '/admin/mailboxes').expect(200);
  const mailboxId = (body.items as { id: string }[])[0]!.id;

  const fakes = working();
  const asked: WorkflowBench['asked'] = { parse: [], classify: [], draft: [] };
  jest.spyOn(nest.get(MessageService), 'parseRaw').mockImplementation((rawId) => {
    asked.parse.push(rawId);
    return fakes.parse(rawId);
  });
  jest.spyOn(nest.get(ClassificationService), 'classify').mockImplementation((_, options) => {
    asked.classify.push(options.emailId);
    return fakes.classify(options);
  });
  jest.spyOn(nest.get(ReplyService), 'draft').mockImplementation(({ emailId }) => {
    asked.draft.push(emailId);
    return fakes.draft(emailId);
  });

  return {
    app,
    emails,
    fakes,
    asked,
    receive: async (count) => {
      const ids: string[] = [];
      for (let n = 0; n < count; n++) {
        const raw = { id: newId(), mailboxId, receivedAt: clock.now(), source: 'upload' as const };
        ids.push((await emails.insertForRaw(raw)).id);
      }
      return ids;
    },
    email: (id) => emails.getById(id),
    runs: (emailId) => nest.get(RunRepository).list({ emailId }, { limit: 100 }),
    workOnce: async (signal = new AbortController().signal) => {
      const claim = await emails.claimNext('a worker');
      if (claim) await workflow.process(claim, signal);
      return claim;
    },
    loop: ({ concurrency = 4, queue = emails } = {}) =>
      new ClaimLoop<EmailDoc>(
        {
          queueName: 'process',
          queue,
          handle: (claim, signal) => workflow.process(claim, signal),
          concurrency,
          leaseMs: LEASE_MS,
        },
        clock,
        new WakeUp(),
        logger,
      ),
    elapse: async (id) => {
      const due = { $set: { runAt: new Date(Date.now() - 1) } };
      await app.store.connection.collection<{ _id: string }>('emails').updateOne({ _id: id }, due);
    },
    reset: () => {
      Object.assign(fakes, working());
      asked.parse.length = asked.classify.length = asked.draft.length = 0;
    },
    stop: async () => {
      await app.stop();
      jest.restoreAllMocks();
    },
  };
}
