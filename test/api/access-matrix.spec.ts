import type { OpenAPIObject } from '@nestjs/swagger';
import request from 'supertest';
import { type Role, ROLES } from '../../src/common/http/access.decorators';
import { newId } from '../../src/common/id';
import { buildOpenApi } from '../../src/openapi';
import { ADMIN, startApp, type TestApp } from '../support/app';
import { minimalBody, type JsonSchema } from '../support/openapi-body';
import { ROUTES_OF } from '../support/route-roles';

interface Route {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  path: string;
  name: string;
  isGuarded: boolean;
  queryNames: string[];
  bodySchema: JsonSchema | null;
}

interface Operation {
  security?: unknown[];
  parameters?: { name: string; in: string }[];
  requestBody?: { content: Record<string, { schema?: JsonSchema }> };
}

function routesOf(document: OpenAPIObject): Route[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item as Record<string, Operation>).map(([method, operation]) => ({
      method: method as Route['method'],
      path,
      name: `${method.toUpperCase()} ${path}`,
      isGuarded: Boolean(operation.security?.length),
      queryNames: (operation.parameters ?? []).filter((given) => given.in === 'query').map(({ name }) => name),
      bodySchema: operation.requestBody?.content['application/json']?.schema ?? null,
    })),
  );
}

describe('every route', () => {
  let app: TestApp;
  let document: OpenAPIObject;
  let routes: Route[];
  const passwords: Record<Role, { username: string; password: string }> = {
    viewer: { username: 'vera', password: 'vera walks nine miles' },
    agent: { username: 'anton', password: 'anton walks nine miles' },
    admin: ADMIN,
  };
  const tokens = {} as Record<Role, string>;

  async function tokenOf(role: Role): Promise<string> {
    const { body } = await app.anonymous().post('/auth/login').send(passwords[role]).expect(200);
    return (body as { access_token: string }).access_token;
  }

  /** A request to the route with an id that is valid and does not exist. */
  function call({ method, path }: Route, role: Role | null, id: string = newId()): request.Test {
    const filled = path.replace('{id}', id).replace('{index}', '0');
    const sent = app.anonymous()[method](filled);
    return role ? sent.auth(tokens[role], { type: 'bearer' }) : sent;
  }

  const withBody = (sent: request.Test, { bodySchema }: Route): request.Test =>
    bodySchema ? sent.send(minimalBody(bodySchema, document) as object) : sent;

  beforeAll(async () => {
    app = await startApp({ HTTP_RATE_LIMIT: '100000' });
    document = buildOpenApi(app.app);
    routes = routesOf(document);
    for (const role of ['viewer', 'agent'] as const)
      await app
        .as('post', '/admin/users')
        .send({ ...passwords[role], role })
        .expect(201);
    for (const role of ROLES) tokens[role] = await tokenOf(role);
  }, 60_000);
  afterAll(() => app?.stop());

  it('refuses whoever is not logged in, and every invented token', async () => {
    const open: string[] = [];
    for (const route of routes.filter(({ isGuarded }) => isGuarded)) {
      const { status } = await withBody(call(route, null), route);
      const forged = await withBody(call(route, null), route).auth('not.a.token', { type: 'bearer' });
      if (status !== 401 || forged.status !== 401) open.push(`${route.name}: ${status}, ${forged.status}`);
    }
    expect(open).toEqual([]);
  }, 60_000);

  it('lets exactly those roles in that may, and never fails with 500', async () => {
    const least = new Map<string, Role>();
    const failures: string[] = [];
    for (const route of routes.filter(({ isGuarded }) => isGuarded)) {
      for (const role of ROLES) {
        if (route.path === '/auth/logout') tokens[role] = await tokenOf(role);
        const { status, body } = await withBody(call(route, role), route);
        if (status >= 500 || status === 401)
          failures.push(`${route.name} as ${role}: ${status} ${JSON.stringify(body)}`);
        const first = least.get(route.name);
        if (status !== 403 && !first) least.set(route.name, role);
        if (status === 403 && first) failures.push(`${route.name} lets ${first} in, but not ${role}`);
        if (route.path === '/auth/logout') tokens[role] = await tokenOf(role);
      }
    }
    expect(failures).toEqual([]);
    for (const role of ROLES) {
      const names = [...least].filter(([, first]) => first === role).map(([name]) => name);
      expect(names.sort()).toEqual([...ROUTES_OF[role]].sort());
    }
  }, 60_000);

  it('answers 404, 409 or 400 for an id that does not exist', async () => {
    const wrong: string[] = [];
    for (const route of routes.filter(({ path }) => path.includes('{id}'))) {
      const { status } = await withBody(call(route, 'admin'), route);
      if (![400, 404, 409].includes(status)) wrong.push(`${route.name}: ${status}`);
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    '[$ne]',
    '%7B%22%24gt%22%3A%22%22%7D',
    '__proto__',
    'constructor',
    'a.b',
    '..%2f..%2fetc',
    '%00',
    'x'.repeat(5_000),
  ])('takes no id like %p', async (id) => {
    const wrong: string[] = [];
    for (const route of routes.filter(({ path }) => path.includes('{id}'))) {
      const { status } = await withBody(call(route, 'admin', id), route);
      if (status !== 400 && status !== 404) wrong.push(`${route.name}: ${status}`);
    }
    expect(wrong).toEqual([]);
  });

  it('takes no query with operators, unknown keys or lists', async () => {
    const wrong: string[] = [];
    for (const route of routes.filter(({ method, queryNames }) => method === 'get' && queryNames.length > 0)) {
      const names = route.queryNames.filter((name) => name !== 'q');
      const queries = [
        ...['a[$ne]=', '$where=1', '__proto__[role]=admin', 'constructor.prototype.x=1', 'unknown=1'],
        ...names.flatMap((name) => [`${name}[$ne]=`, `${name}[$gt]=`, `${name}.$ne=`, `${name}=a&${name}=b`]),
        ...names.map((name) => `${name}=${encodeURIComponent('{"$gt":""}')}`),
      ];
      const required = route.path === '/knowledge/search' ? 'q=password&' : '';
      for (const query of queries) {
        const { status, body } = await call({ ...route, path: `${route.path}?${required}${query}` }, 'admin');
        const rows = (body as { items?: unknown[] } | undefined)?.items?.length ?? 0;
        // A parameter of free text may hold any text; it finds nothing.
        if (status !== 400 && !(status === 200 && rows === 0))
          wrong.push(`${route.name}?${query}: ${status}, ${rows} rows`);
      }
    }
    expect(wrong).toEqual([]);
  }, 60_000);

  it('takes no body with operators, unknown or dotted keys, or of another kind', async () => {
    const wrong: string[] = [];
    for (const route of routes.filter(({ bodySchema }) => bodySchema !== null)) {
      const valid = minimalBody(route.bodySchema!, document) as Record<string, unknown>;
      const bodies: unknown[] = [
        ...[
          [],
          [valid],
          { $gt: '' },
          { ...valid, $where: '1' },
          { ...valid, 'a.b': 1 },
          { ...valid, unknown: { $ne: 1 } },
        ],
        ...Object.keys(valid).flatMap((key) => [
          { ...valid, [key]: { $gt: '' } },
          { ...valid, [key]: [{ $ne: null }] },
        ]),
      ];
      for (const body of bodies) {
        const answer = await call(route, 'admin').send(body as object);
        // Login takes the further fields of OAuth 2 forms and does not look at them.
        const isFine = answer.status === 400 || (!route.isGuarded && answer.status === 401);
        if (!isFine) wrong.push(`${route.name} ${JSON.stringify(body)}: ${answer.status}`);
      }
      if (route.path === '/auth/logout') continue; // an empty body is valid there, and would end this session
      for (const text of ['null', '1', '"x"', '{', '{"__proto__":{"role":"admin"}}']) {
        const answer = await call(route, 'admin').type('application/json').send(text);
        if (answer.status >= 500) wrong.push(`${route.name} ${text}: ${answer.status}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(({} as { role?: string }).role).toBeUndefined();
  }, 60_000);
});
