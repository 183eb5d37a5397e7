import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import type { OpenAPIObject } from '@nestjs/swagger';
import { AppModule } from '../../src/app.module';
import { loadConfig } from '../../src/config/load-config';
import { buildOpenApi } from '../../src/openapi';

/** The OpenAPI document of the routes, without starting anything. */
export async function previewOpenApi(): Promise<OpenAPIObject> {
  const scratch = mkdtempSync(join(tmpdir(), 'mailwright-openapi-'));
  try {
    const config = loadConfig({ DATA_DIR: scratch });
    const app = await NestFactory.create(AppModule.forRoot(config), { preview: true, logger: false });
    return buildOpenApi(app);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
