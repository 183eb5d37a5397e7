import { Counter, Gauge, Histogram } from 'prom-client';

/**
 * Every metric of the product, on prom-client's default register (served by metrics/ at GET /metrics).
 * Base units, `_total` for counters; labels hold configured names and fixed words only, never addresses, ids or subjects.
 * Gauges that describe the database are set by every replica: aggregate them with max(), the per-process ones with sum().
 */
const PREFIX = 'email_agent_';
const SECONDS_STEP = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

const counter = <T extends string>(name: string, help: string, labelNames: T[] = []): Counter<T> =>
  new Counter({ name: PREFIX + name, help, labelNames });
const gauge = <T extends string>(name: string, help: string, labelNames: T[] = []): Gauge<T> =>
  new Gauge({ name: PREFIX + name, help, labelNames });
const histogram = <T extends string>(
  name: string,
  help: string,
  buckets: number[],
  labelNames: T[] = [],
): Histogram<T> => new Histogram({ name: PREFIX + name, help, buckets, labelNames });

// Mail in and out
export const emailsReceived = counter('emails_received_total', 'Mails taken in', ['mailbox', 'outcome']); // new duplicate oversize quarantined
export const emailsProcessed = counter('emails_processed_total', 'Mails whose workflow ended', [
  'mailbox',
  'category',
  'outcome', // auto_sent approved ignored human quarantined rejected classified shadow
]);
export const emailsSent = counter('emails_sent_total', 'Replies accepted by the mail server', ['mailbox', 'mode']); // auto human
export const emailsSendFailed = counter('emails_send_failed_total', 'Replies that could not be sent', [
  'mailbox',
  'reason', // auth rejected tls timeout connection rate_limited unknown
]);
export const emailsSendUnknown = gauge(
  'emails_send_unknown',
  'Replies that may or may not have left (max over replicas)',
);
export const smtpSendDuration = histogram(
  'smtp_send_duration_seconds',
  'Time from connect to the final reply of the mail server',
  [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
  ['mailbox', 'outcome'],
);
export const imapConnectionState = gauge('imap_connection_state', '1 for the state the connection is in', [
  'mailbox',
  'state', // connected idle connecting backoff auth_failed not_owner
]);
export const imapLastSuccess = gauge('imap_last_success_timestamp_seconds', 'Unix time of the last completed sync', [
  'mailbox',
]);
export const imapReconnects = counter('imap_reconnects_total', 'IMAP connections that had to be opened anew', [
  'mailbox',
  'reason',
]);

// Workflow
export const workflowStarted = counter('workflow_started_total', 'Workflow runs begun', ['workflow']);
export const workflowFailures = counter('workflow_failures_total', 'Workflow steps that failed', [
  'step',
  'reason',
  'retryable',
]);
export const workflowRetries = counter('workflow_retries_total', 'Workflow steps put off for another try', [
  'step',
  'reason',
]);
export const workflowLeaseLost = counter('workflow_lease_lost_total', 'Steps whose claim was taken by another worker', [
  'step',
]);
export const workflowExecutionDuration = histogram(
  'workflow_execution_duration_seconds',
  'Time a run took, waiting for people not counted',
  [0.1, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 14400, 86400],
  ['workflow', 'outcome'],
);
export const workflowStepDuration = histogram('workflow_step_duration_seconds', 'Time one step took', SECONDS_STEP, [
  'step',
  'outcome',
]);
export const reviewWaitDuration = histogram(
  'review_wait_duration_seconds',
  'Time a draft waited for a person',
  [60, 300, 900, 1800, 3600, 14400, 43200, 86400, 259200],
  ['mailbox'],
);
export const workflowsInProgress = gauge('workflows_in_progress', 'Steps running in this process (sum over replicas)', [
  'step',
]);
export const queueDepth = gauge('queue_depth', 'Items that are due or scheduled (max over replicas)', ['queue']);
export const queueOldestItemAge = gauge(
  'queue_oldest_item_age_seconds',
  'How long the oldest due item has waited (max)',
  ['queue'],
);
export const deadLetterItems = gauge('dead_letter_items', 'Mails in quarantine (max over replicas)', ['step']);
export const emailsAwaitingApproval = gauge(
  'emails_awaiting_approval',
  'Drafts that wait for a person (max over replicas)',
);

// Models
export const llmRequests = counter('llm_requests_total', 'Calls to a model provider', [
  'provider',
  'model',
  'operation',
  'outcome',
]);
export const llmRequestDuration = histogram(
  'llm_request_duration_seconds',
  'Time of one call to a model provider',
  [0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120],
  ['provider', 'model', 'operation', 'outcome'],
);
export const llmTokens = counter('llm_tokens_total', 'Tokens used', ['provider', 'model', 'type']); // input output cached
export const llmCost = counter('llm_cost_usd_total', 'Cost by the configured price table, in US dollars', [
  'provider',
  'model',
]);
export const llmCircuitState = gauge('llm_circuit_state', '0 closed, 1 half open, 2 open', ['provider', 'model']);
export const llmCallsRepeated = counter('llm_calls_repeated_total', 'Calls made again because a crash lost the answer');
export const llmBudgetRemaining = gauge('llm_budget_remaining_ratio', 'Share of the daily budget that is left');

// Safety and platform
export const guardrailBlocks = counter('guardrail_blocks_total', 'Automatic actions held back', ['rule']);
export const authFailures = counter('auth_failures_total', 'Refused logins and tokens', ['reason']);
export const clockSkew = gauge('clock_skew_seconds', 'Database clock minus our clock');
export const buildInfo = gauge('build_info', 'Always 1; the version is in the label', ['version', 'node']);
export const httpRequestDuration = histogram(
  'http_request_duration_seconds',
  'HTTP request duration',
  [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  ['method', 'route', 'code'],
);
