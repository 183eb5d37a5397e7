import 'reflect-metadata';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { loadConfig } from '../config/load-config.js';
import { buildOpenApi } from '../openapi.js';

/**
 * `npm run openapi [FILE]`: writes docs/openapi.json from the routes. Nothing is started: preview mode builds no providers,
 * so neither a store nor a secret is needed.
 */
async function main(): Promise<void> {
  const file = process.argv[2] ?? join(__dirname, '..', '..', 'docs', 'openapi.json');
  const scratch = mkdtempSync(join(tmpdir(), 'mailwright-openapi-'));
  try {
    const config = loadConfig({ DATA_DIR: scratch });
    const app = await NestFactory.create(AppModule.forRoot(config), { preview: true, logger: false });
    writeFileSync(file, JSON.stringify(buildOpenApi(app), null, 2) + '\n');
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
