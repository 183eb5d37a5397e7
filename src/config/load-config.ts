import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { AppConfig, type Secrets } from './app-config.js';
import { type Env, envSchema } from './env.schema.js';
import { ConfigError, credentialsKeyProblem, jwtSecretProblem } from './secret-rules.js';

const SECRETS_FILE = 'secrets.json';

type RawEnvironment = Record<string, string | undefined>;

/** `X_FILE=/run/secrets/x` gives the value of X; an empty value counts as not set. */
function resolveFiles(raw: RawEnvironment): RawEnvironment {
  const resolved: RawEnvironment = {};
  for (const name of Object.keys(envSchema.shape)) {
    const file = raw[`${name}_FILE`];
    if (file && !(`${name}_FILE` in envSchema.shape)) {
      try {
        resolved[name] = readFileSync(file, 'utf8').trim();
      } catch {
        throw new ConfigError(`${name}_FILE names a file that cannot be read: ${file}`);
      }
    }
    if (raw[name]) resolved[name] = raw[name];
  }
  return resolved;
}

function parse(raw: RawEnvironment): Env {
  const result = envSchema.safeParse(resolveFiles(raw));
  if (result.success) return result.data;
  // Name the variable and the rule, never the value: it may be a secret in the wrong place.
  const problems = result.error.issues.map((issue: z.core.$ZodIssue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new ConfigError(problems.join('; '));
}

/** Reads DATA_DIR/secrets.json, or makes it: only the embedded, single-machine set-up generates secrets. */
function generatedSecrets(dataDir: string): { secrets: Secrets; isFirstStart: boolean } {
  const file = join(dataDir, SECRETS_FILE);
  if (existsSync(file)) {
    try {
      return { secrets: JSON.parse(readFileSync(file, 'utf8')) as Secrets, isFirstStart: false };
    } catch {
      throw new ConfigError(
        `${file} is not valid JSON; restore it from a backup (mailbox passwords cannot be read without it)`,
      );
    }
  }
  const secrets: Secrets = {
    jwtSecret: randomBytes(48).toString('base64url'),
    credentialsKey: randomBytes(32).toString('base64'),
  };
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  writeFileSync(file, JSON.stringify(secrets, null, 2) + '\n', { mode: 0o600, flag: 'wx' });
  return { secrets, isFirstStart: true };
}

function checkedSecrets(env: Env, fallback: Secrets | undefined): Secrets {
  const secrets: Secrets = {
    jwtSecret: env.JWT_SECRET || fallback?.jwtSecret || '',
    credentialsKey: env.CREDENTIALS_KEY || fallback?.credentialsKey || '',
  };
  const problem = jwtSecretProblem(secrets.jwtSecret) ?? credentialsKeyProblem(secrets.credentialsKey);
  if (problem) throw new ConfigError(problem);
  if (secrets.jwtSecret === secrets.credentialsKey) {
    throw new ConfigError('JWT_SECRET and CREDENTIALS_KEY must not be the same');
  }
  return secrets;
}

/**
 * Builds the configuration from an environment. Without MONGO_URI missing secrets are generated under DATA_DIR; with it
 * a missing or weak secret is an error.
 * @throws ConfigError one line that names every variable that is wrong (never its value); the process exits with 78
 */
export function loadConfig(raw: RawEnvironment = process.env): AppConfig {
  const env = parse(raw);
  const dataDir = resolve(env.DATA_DIR);
  const isEmbedded = env.MONGO_URI === '';
  if (!isEmbedded && !/^mongodb(\+srv)?:\/\//.test(env.MONGO_URI)) {
    throw new ConfigError('MONGO_URI must begin with mongodb:// or mongodb+srv://');
  }
  const generated = isEmbedded ? generatedSecrets(dataDir) : undefined;
  return new AppConfig(
    Object.freeze(env),
    Object.freeze(checkedSecrets(env, generated?.secrets)),
    dataDir,
    isEmbedded,
    generated?.isFirstStart ?? false,
  );
}
