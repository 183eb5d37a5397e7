import { join } from 'node:path';
import type { AppConfig } from './config/app-config.js';

/**
 * The lines that `npm start` ends with: where it is, how to log in, what it does with mail.
 * @param url where HTTP listens
 * @param generated the administrator that this very start created with a drawn password; shown once, stored nowhere
 */
export function startMessage(
  config: AppConfig,
  url: string,
  generated: { username: string; password: string } | null,
): string {
  const { env, dataDir } = config;
  const shownUrl = url.replace('[::1]', '127.0.0.1').replace('0.0.0.0', '127.0.0.1');
  const lines = [`Mailwright is ready at ${shownUrl}/  (API and docs: ${shownUrl}/docs, role: ${env.ROLE})`];
  if (generated) {
    lines.push(
      `  Log in as   ${generated.username} / ${generated.password}   (shown only now; change it with POST /auth/password)`,
    );
  }
  lines.push(
    config.isEmbedded
      ? `  Store       embedded, in ${join(dataDir, 'store')} (one machine; for production set MONGO_URI)`
      : '  Store       MongoDB (MONGO_URI)',
    config.hasModelProvider
      ? `  Engine      ${env.OPENAI_MODEL} through an OpenAI-compatible API, built-in engine as fallback`
      : '  Engine      built in, no network (set OPENAI_API_KEY or OPENAI_BASE_URL for a language model)',
  );
  if (config.runsWorkers) {
    if (env.SMTP_INTAKE_PORT)
      lines.push(
        `  Mail in     SMTP ${env.SMTP_INTAKE_HOST}:${env.SMTP_INTAKE_PORT}, .eml files in ${env.DROP_DIR || join(dataDir, 'drop')}`,
      );
    if (!env.MAILBOX_SMTP_HOST)
      lines.push(
        `  Mail out    approved replies are captured in ${join(dataDir, 'outbox')} and never leave this machine`,
      );
  }
  if (config.isFirstStart && env.SAMPLE_MAIL) {
    lines.push('  Sample      a small sample mailbox is loaded on this first start (turn off with SAMPLE_MAIL=false)');
  }
  return lines.join('\n') + '\n';
}
