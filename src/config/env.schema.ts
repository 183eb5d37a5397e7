import { z } from 'zod';

const flag = (fallback: boolean) =>
  z
    .enum(['true', 'false', '1', '0'])
    .default(fallback ? 'true' : 'false')
    .transform((value) => value === 'true' || value === '1');
const whole = (min: number, max: number, fallback: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback);
const text = () => z.string().default('');
const list = () =>
  text().transform((value) =>
    value
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean),
  );

/**
 * Every environment variable: type, default and one line of description. `.env.example` is generated from this object
 * and drift-checked. An empty value counts as not set. `X_FILE` reads the value of `X` from a file (container secrets).
 */
export const envSchema = z.object({
  // What to run
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development').describe('Kind of environment'),
  ROLE: z
    .enum(['all', 'api', 'worker'])
    .default('all')
    .describe('all, api (HTTP only) or worker (intake, workflow, delivery)'),
  HOST: z.string().default('127.0.0.1').describe('Address that HTTP listens on; 0.0.0.0 in a container'),
  PORT: whole(0, 65_535, 8000).describe('HTTP port; 0 picks a free one'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('Least level that is logged'),
  DATA_DIR: z
    .string()
    .default('./data')
    .describe('Folder of the embedded store, generated secrets, drop folder and captured mail'),
  DOCS_ENABLED: flag(true).describe('Serve the Swagger UI at /docs'),
  TRUST_PROXY: whole(0, 10, 0).describe('Number of reverse proxies in front whose X-Forwarded-For is believed'),
  CORS_ORIGINS: list().describe('Origins, comma separated, that browsers may call the API from'),
  HTTP_RATE_LIMIT: whole(1, 1_000_000, 6000).describe('Requests a minute and client address'),
  FAILPOINTS: text().describe('Fault tests only (NODE_ENV=test): name=exit|throw|hang@n, comma separated'),

  // Store
  MONGO_URI: text().describe(
    'MongoDB 6 or later, mongodb:// or mongodb+srv://; empty starts the embedded store (one machine only)',
  ),

  // Access
  JWT_SECRET: text().describe('Signs access tokens: at least 32 bytes; generated on the first start without MONGO_URI'),
  JWT_SECRET_PREVIOUS: text().describe('The secret before the last change; its tokens stay valid until they expire'),
  CREDENTIALS_KEY: text().describe('Encrypts mailbox passwords: 32 bytes as base64 or hex; generated like JWT_SECRET'),
  CREDENTIALS_KEY_PREVIOUS: text().describe('The key before the last change; still decrypts'),
  ACCESS_TOKEN_EXPIRE_MINUTES: whole(1, 1440, 15).describe('Life of an access token'),
  ADMIN_USERNAME: z
    .string()
    .min(1)
    .max(64)
    .default('admin')
    .describe('First administrator, created when there is no user'),
  ADMIN_PASSWORD: text().describe('Its password, 12 to 128 characters; generated and printed once without MONGO_URI'),

  // Mail in
  SMTP_INTAKE_PORT: whole(0, 65_535, 2525).describe('Built-in SMTP intake; 0 turns it off'),
  SMTP_INTAKE_HOST: z.string().default('127.0.0.1').describe('Address that the SMTP intake listens on'),
  DROP_DIR: text().describe('Folder watched for .eml files; default DATA_DIR/drop'),
  MAIL_MAX_BYTES: whole(65_536, 104_857_600, 26_214_400).describe('Larger mails are kept as headers with a notice'),
  IMAP_POLL_SECONDS: whole(5, 3600, 60).describe('IDLE is a hint; the mailbox is looked at this often anyway'),
  ALLOW_PRIVATE_HOSTS: flag(true).describe(
    'Let mailboxes name hosts on loopback and private networks; false on shared servers',
  ),
  SAMPLE_MAIL: flag(true).describe('Load a small sample mailbox on the first start without MONGO_URI'),

  // One mailbox from the environment (more over the API)
  MAILBOX_ADDRESS: text().describe('Support address; setting it creates or updates one mailbox at start'),
  MAILBOX_NAME: text().describe('Its name in the API, metrics and the From header; default the address'),
  MAILBOX_IMAP_HOST: text().describe('IMAP server; empty for a mailbox that is fed in another way'),
  MAILBOX_IMAP_PORT: whole(1, 65_535, 993).describe('IMAP port'),
  MAILBOX_IMAP_SECURITY: z.enum(['tls', 'starttls', 'none']).default('tls').describe('none only for tests on loopback'),
  MAILBOX_IMAP_USER: text().describe('IMAP user; default the address'),
  MAILBOX_IMAP_PASSWORD: text().describe('IMAP password'),
  MAILBOX_IMAP_FOLDER: z.string().default('INBOX').describe('Folder that is read'),
  MAILBOX_FETCH_FROM: z
    .enum(['now', 'day', 'week', 'month', 'all'])
    .default('now')
    .describe('How far back the first connect goes'),
  MAILBOX_SMTP_HOST: text().describe('SMTP server for replies; empty captures replies as files in DATA_DIR/outbox'),
  MAILBOX_SMTP_PORT: whole(1, 65_535, 587).describe('SMTP port'),
  MAILBOX_SMTP_SECURITY: z
    .enum(['tls', 'starttls', 'none'])
    .default('starttls')
    .describe('none only for tests on loopback'),
  MAILBOX_SMTP_USER: text().describe('SMTP user; default the IMAP user'),
  MAILBOX_SMTP_PASSWORD: text().describe('SMTP password; default the IMAP password'),
  MAILBOX_SENT_FOLDER: text().describe('Folder for copies of sent replies; default the one marked \\Sent'),
  MAILBOX_TLS_CA_FILE: text().describe('PEM file of a private certificate authority for IMAP and SMTP'),
  MAILBOX_AUTHSERV_IDS: list().describe(
    'Authentication-Results of these hosts are believed, comma separated; empty believes none',
  ),
  MAILBOX_MODE: z
    .enum(['off', 'shadow', 'review'])
    .default('review')
    .describe('off classifies only, shadow drafts silently, review asks a person'),

  // AI
  OPENAI_API_KEY: text().describe('Key of an OpenAI-compatible provider; empty uses the built-in engine alone'),
  OPENAI_BASE_URL: text().describe('Base URL of an OpenAI-compatible server, e.g. http://127.0.0.1:11434/v1'),
  OPENAI_MODEL: z.string().default('gpt-6-luna').describe('Model for classification and drafting'),
  OPENAI_MODEL_PARAMS: text().describe('JSON object merged into each request, e.g. {"temperature":0}'),
  LLM_TIMEOUT_SECONDS: whole(1, 600, 60).describe('Longest one model call may take'),
  LLM_CONCURRENCY: whole(1, 1000, 8).describe('Model calls under way at once in this process'),
  LLM_MAX_CALLS_PER_EMAIL: whole(1, 100, 6).describe('Paid calls one mail may cause'),
  LLM_DAILY_BUDGET_USD: z.coerce
    .number()
    .min(0)
    .default(0)
    .describe('Spent a day at most by the price table; 0 = no limit'),
  LLM_PRICE_INPUT: z.coerce.number().min(0).default(0).describe('US dollars a million input tokens of OPENAI_MODEL'),
  LLM_PRICE_OUTPUT: z.coerce.number().min(0).default(0).describe('US dollars a million output tokens of OPENAI_MODEL'),
  CATEGORIES: list().describe('Categories beside the built-in ones, comma separated'),

  // Workflow and delivery
  WORKFLOW_CONCURRENCY: whole(1, 1000, 8).describe('Mails worked on at once in this process'),
  WORKFLOW_LEASE_SECONDS: whole(2, 600, 60).describe('How long a claim holds without a sign of life'),
  WORKFLOW_MAX_ATTEMPTS: whole(1, 100, 8).describe('Tries of one step before the mail is quarantined'),
  UNDO_WINDOW_SECONDS: whole(0, 3600, 10).describe('Time between approval and sending in which it can be cancelled'),
  OUTBOX_CONCURRENCY: whole(1, 100, 2).describe('Replies sent at once in this process'),
  UNKNOWN_SEND_POLICY: z
    .enum(['hold', 'resend'])
    .default('hold')
    .describe('What to do when no evidence tells whether a reply left'),
  UNKNOWN_GRACE_SECONDS: whole(1, 86_400, 1200).describe('How long to wait for evidence'),
  RATE_PER_RECIPIENT: z
    .string()
    .regex(/^\d+\/\d+$/)
    .default('1/5')
    .describe('Automatic replies to one address in 10 minutes / a day'),
  RATE_PER_MAILBOX: z
    .string()
    .regex(/^\d+\/\d+$/)
    .default('60/1000')
    .describe('Replies of one mailbox a minute / a day'),
  DRAIN_SECONDS: whole(0, 600, 45).describe('Time that running work has to finish after SIGTERM'),
});

/** The parsed environment: flat, typed, every default applied. */
export type Env = z.infer<typeof envSchema>;
