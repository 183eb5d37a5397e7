import { type INestApplication, StandardSchemaValidationPipe } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import { LoggerModule } from 'nestjs-pino';
import type { App } from 'supertest/types';
import request from 'supertest';
import { CommonModule } from '../../src/common/common.module';
import { ConfigModule } from '../../src/config/config.module';
import { KnowledgeModule } from '../../src/knowledge/knowledge.module';
import { ProviderGate } from '../../src/llm/provider-gate';
import { StructuredCall } from '../../src/llm/structured-call';
import { ReplyModule } from '../../src/reply/reply.module';
import { ReplyService } from '../../src/reply/reply.service';
import { testConfig } from '../support/llm-parts';
import { startStore, type TestStore } from '../support/store';

describe('the modules of knowledge, reply and llm in an application', () => {
  let store: TestStore;
  let app: INestApplication<App>;

  beforeAll(async () => {
    store = await startStore();
    const built = await Test.createTestingModule({
      imports: [
        LoggerModule.forRoot({ pinoHttp: { level: 'silent' } }),
        ConfigModule.forRoot(testConfig()),
        CommonModule,
        MongooseModule.forRoot(store.uri),
        KnowledgeModule,
        ReplyModule,
      ],
    }).compile();
    app = built.createNestApplication<INestApplication<App>>();
    app.useGlobalPipes(new StandardSchemaValidationPipe());
    await app.init();
  });
  afterAll(async () => {
    await app.close();
    await store.stop();
  });

  it('are wired', () => {
    for (const part of [ReplyService, StructuredCall, ProviderGate])
      expect(app.get(part, { strict: false })).toBeInstanceOf(part);
    expect(app.get(ProviderGate, { strict: false }).isOpen()).toBe(false);
  });

  it('serve /knowledge: write, find, change, list, delete', async () => {
    const http = request(app.getHttpServer());
    const written = await http
      .post('/knowledge')
      .send({ title: 'Vouchers', body: '# Validity\nA voucher is valid for 3 years.' });
    expect(written.status).toBe(201);
    expect(written.body).toMatchObject({ title: 'Vouchers', language: 'en', status: 'published', version: 1 });
    expect(new Date(written.body.createdAt).toISOString()).toBe(written.body.createdAt);

    const found = await http.get('/knowledge/search').query({ q: 'How long is a voucher valid?', limit: 1 });
    expect(found.body.items).toMatchObject([{ articleId: written.body.id, heading: 'Validity', coverage: 1 }]);

    const { id, version, title } = written.body;
    const changed = await http.put(`/knowledge/${id}`).send({ title, body: 'Five years.', version, tags: ['gift'] });
    expect(changed.body).toMatchObject({ version: 2, tags: ['gift'] });
    expect((await http.get('/knowledge').query({ status: 'published' })).body.items).toEqual([changed.body]);
    expect((await http.get(`/knowledge/${id}`)).body).toEqual(changed.body);
    expect((await http.delete(`/knowledge/${id}`)).status).toBe(204);
    expect((await http.get('/knowledge')).body).toEqual({ items: [], nextCursor: null });
  });

  it.each([
    ['post', '/knowledge', { title: '', body: 'x' }],
    ['post', '/knowledge', { title: 'x', body: 'x', language: 'english' }],
    ['put', '/knowledge/000000000000000000000000', { title: 'x', body: 'x' }],
  ] as const)('refuse %s %s with %o', async (method, path, body) => {
    expect((await request(app.getHttpServer())[method](path).send(body)).status).toBe(400);
  });

  it.each(['/knowledge/search', '/knowledge/search?q=x&limit=1000', '/knowledge?limit=0', '/knowledge/..%2f'])(
    'refuse GET %s',
    async (path) => {
      expect((await request(app.getHttpServer()).get(path)).status).toBe(400);
    },
  );

  it('describe themselves', () => {
    const { paths, components } = SwaggerModule.createDocument(app, new DocumentBuilder().build());
    expect(Object.keys(paths)).toEqual(['/knowledge', '/knowledge/search', '/knowledge/{id}']);
    expect(Object.keys(components?.schemas ?? {})).toEqual(
      expect.arrayContaining(['Article', 'ArticleContent', 'ArticlePage']),
    );
  });
});
