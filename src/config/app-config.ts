import type { Env } from './env.schema.js';

/** Secrets that the first start without MONGO_URI generates and keeps in DATA_DIR/secrets.json (mode 0600). */
export interface Secrets {
  jwtSecret: string;
  credentialsKey: string;
}

/**
 * The configuration of the process: what the environment says, with secrets resolved and paths absolute. Built once by
 * `loadConfig`; inject it by class. Fields keep the names of the variables: one word for one thing.
 */
export class AppConfig {
  constructor(
    /** Every variable of env.schema.ts. */
    readonly env: Readonly<Env>,
    readonly secrets: Readonly<Secrets>,
    /** Absolute path of DATA_DIR. */
    readonly dataDir: string,
    /** True when MONGO_URI is not set: one machine, secrets and samples are generated. */
    readonly isEmbedded: boolean,
    /** True on the very first start on this DATA_DIR. */
    readonly isFirstStart: boolean,
  ) {}

  /** This process serves HTTP routes beside health and metrics. */
  get servesApi(): boolean {
    return this.env.ROLE !== 'worker';
  }

  /** This process runs intake, workflow, delivery and jobs. */
  get runsWorkers(): boolean {
    return this.env.ROLE !== 'api';
  }

  /** An OpenAI-compatible provider is configured; a key-less local server needs OPENAI_BASE_URL only. */
  get hasModelProvider(): boolean {
    return this.env.OPENAI_API_KEY !== '' || this.env.OPENAI_BASE_URL !== '';
  }
}
