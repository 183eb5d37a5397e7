import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { z } from 'zod';
import { problem } from './common/http/api-problems.decorator.js';
import { VERSION } from './version.js';

type Operation = { security?: unknown[]; responses: Record<string, unknown>; tags?: string[] };

/** Routes that anybody may call; test/architecture compares this with what the guards let through. */
const OPEN = /^\/(health|metrics|auth\/(login|refresh))/;

const problemResponse = (description: string): unknown => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
});

/** Adds what every guarded route has: the two ways to authorise, and the answers 401, 403 and 429. */
function addSharedAnswers(document: OpenAPIObject): void {
  for (const [path, item] of Object.entries(document.paths)) {
    for (const operation of Object.values(item as Record<string, Operation>)) {
      if (!operation.responses) continue;
      operation.responses['429'] ??= problemResponse('Too many requests; Retry-After tells when to come back');
      if (OPEN.test(path)) continue;
      operation.security = [{ bearer: [] }, { oauth2: [] }];
      operation.responses['401'] ??= problemResponse('No valid access token');
      operation.responses['403'] ??= problemResponse('The role of the user is not enough');
    }
  }
}

/** The OpenAPI 3.0 document of the running routes. Needs no store: bin/openapi builds it in preview mode. */
export function buildOpenApi(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Mailwright')
    .setDescription(
      'Self-hosted AI email support agent. Log in at POST /auth/login (or with Authorize), then: mails at /emails, drafts ' +
        'at /replies, history at /workflow, learning at /training. Lists are cursor pages, newest first. Errors are ' +
        'problem+json (RFC 9457) with a request id.',
    )
    .setVersion(VERSION)
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }, 'bearer')
    .addOAuth2({ type: 'oauth2', flows: { password: { tokenUrl: '/auth/login', scopes: {} } } }, 'oauth2')
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  const { $schema: _dialect, id: _id, ...problemSchema } = z.toJSONSchema(problem) as Record<string, unknown>;
  document.components ??= {};
  document.components.schemas = { ...document.components.schemas, Problem: problemSchema };
  addSharedAnswers(document);
  return document;
}
