import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OpenAPIObject } from '@nestjs/swagger';
import { previewOpenApi } from '../support/preview';

const FILE = join(__dirname, '..', '..', 'docs', 'openapi.json');

interface Operation {
  summary?: string;
  operationId?: string;
  security?: unknown[];
  tags?: string[];
  responses: Record<string, { content?: unknown }>;
}

/** Everything that anybody may call. Adding to this list is a decision. */
const OPEN_ROUTES = [
  'GET /health',
  'GET /health/live',
  'GET /health/ready',
  'GET /health/startup',
  'GET /metrics',
  'POST /auth/login',
  'POST /auth/refresh',
];

describe('OpenAPI document', () => {
  let document: OpenAPIObject;
  let operations: { name: string; operation: Operation }[];

  beforeAll(async () => {
    document = await previewOpenApi();
    operations = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item as Record<string, Operation>)
        .filter(([, operation]) => operation.responses)
        .map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
    );
  });

  it('is the committed one; `npm run openapi` writes it anew', () => {
    expect(JSON.parse(readFileSync(FILE, 'utf8'))).toEqual(JSON.parse(JSON.stringify(document)));
  });

  it('guards every route but the open ones', () => {
    const open = operations.filter(({ operation }) => !operation.security?.length).map(({ name }) => name);
    expect(open.sort()).toEqual(OPEN_ROUTES);
  });

  it('has a summary, a tag and a success schema for every route', () => {
    const poor = operations.filter(({ operation }) => !operation.summary || !operation.tags?.length);
    expect(poor.map(({ name }) => name)).toEqual([]);
  });

  it('names every operation once', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
