import type { INestApplication } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { SwaggerModule } from '@nestjs/swagger';
import helmet from 'helmet';
import { AppConfig } from './config/app-config.js';
import { validationPipe } from './common/http/validation.js';
import { buildOpenApi } from './openapi.js';

const JSON_LIMIT = '1mb';

/** What main and the tests share: request limits, validation, security headers, docs, shutdown signals. */
export function setupApp(app: INestApplication): void {
  const express = app as NestExpressApplication;
  const { env } = app.get(AppConfig);
  express.set('query parser', 'simple'); // no nested objects from ?a[$ne]=
  express.set('trust proxy', env.TRUST_PROXY);
  express.disable('x-powered-by');
  express.useBodyParser('json', { limit: JSON_LIMIT });
  express.useBodyParser('urlencoded', { limit: '16kb', extended: false });
  // Without null, browsers rewrite the assets of /docs to https on any host but localhost; HSTS is the proxy's to set.
  app.use(helmet({ contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } }, hsts: false }));
  if (env.CORS_ORIGINS.length > 0) app.enableCors({ origin: env.CORS_ORIGINS, maxAge: 600 });
  app.useGlobalPipes(validationPipe());
  if (env.DOCS_ENABLED) {
    SwaggerModule.setup('docs', app, () => buildOpenApi(app), {
      jsonDocumentUrl: 'docs/openapi.json',
      yamlDocumentUrl: 'docs/openapi.yaml',
      customSiteTitle: 'Mailwright API',
      swaggerOptions: { persistAuthorization: true, displayRequestDuration: true, docExpansion: 'none' },
    });
  }
  // Named, because the default list also catches SIGUSR2, SIGHUP and SIGABRT.
  app.enableShutdownHooks(['SIGTERM', 'SIGINT']);
}
