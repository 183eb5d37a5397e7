/** Switches that a person turns at run time; every replica obeys within SETTINGS_MAX_AGE_MS. */
export interface Settings {
  /** The kill switch: false stops all automatic sending. */
  autoSendEnabled: boolean;
  /** True stops all sending, approved replies included; they stay queued. */
  deliveryPaused: boolean;
  /** True stops the workflow: mail is taken in and stored, nothing is classified or drafted. */
  workflowPaused: boolean;
  /** Words in subject or text that always call a person; added to the built-in never-auto list. */
  neverAuto: string[];
}

export const DEFAULT_SETTINGS: Settings = {
  autoSendEnabled: true,
  deliveryPaused: false,
  workflowPaused: false,
  neverAuto: [],
};

/** The kill switch must work within 5 s on all replicas: a cached copy is never older than this. */
export const SETTINGS_MAX_AGE_MS = 2_000;
