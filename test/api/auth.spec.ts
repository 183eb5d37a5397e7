import { Controller, Get, Post } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import fc from 'fast-check';
import { newId } from '../../src/common/id';
import { CurrentUser, type Principal, Public, Roles } from '../../src/common/http/access.decorators';
import { addUser, ADMIN, type AuthApp, bearer, login, startAuthApp, type Tokens } from '../support/auth-app';
import { startStore, type TestStore } from '../support/store';

@Controller('probe')
class ProbeController {
  @Get('public')
  @Public()
  open(): string {
    return 'open';
  }

  @Get('viewer')
  @Roles('viewer')
  viewer(@CurrentUser() user: Principal): Principal {
    return user;
  }

  @Get('agent')
  @Roles('agent')
  agent(): string {
    return 'agent';
  }

  @Get('admin')
  @Roles('admin')
  admin(): string {
    return 'admin';
  }

  @Post('forgotten')
  forgotten(): string {
    return 'nobody may see this';
  }
}

@Roles('admin')
@Controller('guarded')
class GuardedController {
  @Get()
  inherited(): string {
    return 'admin';
  }

  @Get('lower')
  @Roles('viewer')
  lower(): string {
    return 'viewer';
  }
}

jest.setTimeout(60_000);

let store: TestStore;
let app: AuthApp;
let tokens: Record<'viewer' | 'agent' | 'admin', Tokens>;
let viewerId: string;

beforeAll(async () => {
  store = await startStore();
  app = await startAuthApp(store.uri, { controllers: [ProbeController, GuardedController] });
  const admin = await login(app);
  const agent = await addUser(app, admin, 'agnes.agent', 'agent');
  const viewer = await addUser(app, admin, 'vera.viewer', 'viewer');
  tokens = { admin, agent: agent.tokens, viewer: viewer.tokens };
  viewerId = viewer.id;
});

afterAll(async () => {
  await app?.stop();
  await store?.stop();
});

// Failures of one test must not throttle the next one.
afterEach(() => app.connection.collection('login_attempts').deleteMany({}));

describe('POST /auth/login', () => {
  test('takes JSON and answers as OAuth2 does', async () => {
    const answer = await app.http.post('/auth/login').send(ADMIN).expect(200);
    expect(answer.body).toEqual({
      access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      token_type: 'bearer',
      expires_in: 900,
      refresh_token: expect.stringMatching(/^mwr_[\w-]{65}$/),
    });
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  test('takes the form that the Authorize button of Swagger UI posts', async () => {
    const form = { grant_type: 'password', ...ADMIN, scope: '', client_id: '', client_secret: '' };
    const answer = await app.http.post('/auth/login').type('form').send(form).expect(200);
    await app.http
      .get('/auth/me')
      .set(...bearer(answer.body))
      .expect(200);
  });

  test('does not care about the case of the name', async () => {
    await login(app, { ...ADMIN, username: '  ADMIN ' });
  });

  test('gives the same answer to a wrong password, an unknown name and a disabled user', async () => {
    const user = await addUser(app, tokens.admin, 'dora.disabled', 'viewer');
    await app.http
      .patch(`/admin/users/${user.id}`)
      .set(...bearer(tokens.admin))
      .send({ disabled: true })
      .expect(200);
    const attempts = [
      { ...ADMIN, password: 'wrong password here' },
      { ...ADMIN, username: 'nobody.at.all' },
      { username: user.username, password: user.password },
    ];
    for (const credentials of attempts) {
      const answer = await app.http.post('/auth/login').set('X-Request-Id', 'r-1').send(credentials).expect(401);
      expect(answer.headers['content-type']).toContain('application/problem+json');
      expect(answer.headers['www-authenticate']).toBe('Bearer');
      expect(answer.body).toEqual({
        type: 'urn:mailwright:error:unauthenticated',
        title: 'The user name or the password is wrong.',
        status: 401,
        requestId: 'r-1',
      });
    }
  });

  test('tells throttled clients how long to wait', async () => {
    const wrong = { ...ADMIN, password: 'wrong password here' };
    for (let n = 0; n < 5; n++) await app.http.post('/auth/login').send(wrong).expect(401);
    const answer = await app.http.post('/auth/login').send(ADMIN).expect(429);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(2);
    await app.http
      .get('/auth/me')
      .set(...bearer(tokens.admin))
      .expect(200);
  });

  test.each<[string, object | string]>([
    ['an operator as name', { username: { $gt: '' }, password: ADMIN.password }],
    ['an operator as password', { username: 'admin', password: { $ne: null } }],
    ['a list as name', { username: ['admin'], password: ADMIN.password }],
    ['a number as name', { username: 7, password: ADMIN.password }],
    ['null', { username: null, password: null }],
    ['nothing', {}],
    ['a list', [ADMIN]],
    ['another grant', { ...ADMIN, grant_type: 'client_credentials' }],
    ['a prototype', '{"__proto__":{"username":"admin"},"constructor":{"password":"x"}}'],
    ['a very long password', { ...ADMIN, password: 'x'.repeat(2000) }],
  ])('refuses %s with 400', async (_name, body) => {
    const answer = await app.http.post('/auth/login').type('json').send(body).expect(400);
    expect(answer.body.type).toBe('urn:mailwright:error:invalid-input');
  });

  test.each([
    'username[$ne]=x&password[$ne]=x',
    'username[$gt]=&password=seven+quiet+lighthouses',
    'username=admin&username=admin&password=seven+quiet+lighthouses',
    'username[]=admin&password=seven+quiet+lighthouses',
    'username.$ne=x&password=y',
    '',
  ])('refuses the form %j with 400', async (form) => {
    await app.http.post('/auth/login').type('form').send(form).expect(400);
  });

  test('never lets anything in but the right name and password', async () => {
    const operator = fc.constantFrom('$gt', '$ne', '$regex', '$where', '$in', '$exists', '__proto__', 'a.b');
    const value = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.constant(null),
      fc.dictionary(operator, fc.string()),
      fc.array(fc.string()),
    );
    await fc.assert(
      fc.asyncProperty(value, value, async (username, password) => {
        const answer = await app.http.post('/auth/login').send({ username, password });
        expect([400, 401, 429]).toContain(answer.status);
      }),
      { numRuns: 60 },
    );
  });
});

describe('refresh, logout, me, password', () => {
  test('a refreshed session goes on, and ends with logout', async () => {
    const first = await login(app);
    const second = await app.http.post('/auth/refresh').send({ refresh_token: first.refresh_token }).expect(200);
    expect(second.body.refresh_token).not.toBe(first.refresh_token);
    const me = await app.http
      .get('/auth/me')
      .set(...bearer(second.body))
      .expect(200);
    expect(me.body).toEqual({ id: expect.stringMatching(/^[0-9a-f]{24}$/), username: 'admin', role: 'admin' });

    await app.http
      .post('/auth/logout')
      .set(...bearer(second.body))
      .expect(204);
    await app.http
      .get('/auth/me')
      .set(...bearer(second.body))
      .expect(401);
    await app.http.post('/auth/refresh').send({ refresh_token: second.body.refresh_token }).expect(401);
  });

  test('logout ends one session, logout everywhere all of the user', async () => {
    const user = await addUser(app, tokens.admin, 'lena.logout', 'viewer');
    const other = await login(app, user);
    const third = await login(app, user);
    await app.http
      .post('/auth/logout')
      .set(...bearer(user.tokens))
      .send({})
      .expect(204);
    await app.http
      .get('/auth/me')
      .set(...bearer(other))
      .expect(200);
    await app.http
      .post('/auth/logout')
      .set(...bearer(other))
      .send({ everywhere: true })
      .expect(204);
    for (const session of [other, third]) {
      await app.http
        .get('/auth/me')
        .set(...bearer(session))
        .expect(401);
      await app.http.post('/auth/refresh').send({ refresh_token: session.refresh_token }).expect(401);
    }
    await app.http
      .get('/auth/me')
      .set(...bearer(tokens.admin))
      .expect(200);
  });

  test('the own password can be changed; other sessions end, the answer goes on', async () => {
    const user = await addUser(app, tokens.admin, 'paula.password', 'viewer');
    const change = (currentPassword: string, newPassword: string) =>
      app.http
        .post('/auth/password')
        .set(...bearer(user.tokens))
        .send({ currentPassword, newPassword });
    const next = 'eleven new umbrellas';
    expect((await change('not my password', next).expect(400)).body.title).toBe('currentPassword: it is wrong');
    expect((await change(user.password, 'short').expect(400)).body.title).toContain('at least 12');
    expect((await change(user.password, user.password).expect(400)).body.title).toContain('differ');
    const fresh = await change(user.password, next).expect(200);
    await app.http
      .get('/auth/me')
      .set(...bearer(user.tokens))
      .expect(401);
    await app.http.post('/auth/refresh').send({ refresh_token: user.tokens.refresh_token }).expect(401);
    await app.http
      .get('/auth/me')
      .set(...bearer(fresh.body))
      .expect(200);
    await app.http.post('/auth/login').send(user).expect(401);
    await login(app, { username: user.username, password: next });
  });

  test('guessing the present password with a stolen token is throttled, the login is not', async () => {
    const user = await addUser(app, tokens.admin, 'greta.guess', 'viewer');
    const guess = () =>
      app.http
        .post('/auth/password')
        .set(...bearer(user.tokens))
        .send({ currentPassword: 'a guess at it', newPassword: 'eleven new umbrellas' });
    for (let n = 0; n < 5; n++) await guess().expect(400);
    await guess().expect(429);
    await login(app, user);
  });

  test.each([[{}], [{ refresh_token: { $ne: '' } }], [{ refresh_token: ['x'] }], [{ refresh_token: '' }]])(
    'refresh refuses %j with 400',
    async (body) => {
      await app.http.post('/auth/refresh').send(body).expect(400);
    },
  );

  test('refresh refuses what is no token of ours with 401', async () => {
    for (const token of ['x', `mwr_${'A'.repeat(65)}`, tokens.admin.access_token.slice(0, 200)]) {
      await app.http.post('/auth/refresh').send({ refresh_token: token }).expect(401);
    }
  });

  test('neither token is taken for the other one', async () => {
    const { access_token, refresh_token } = await login(app);
    await app.http.get('/auth/me').set('Authorization', `Bearer ${refresh_token}`).expect(401);
    await app.http.post('/auth/refresh').send({ refresh_token: access_token }).expect([400, 401]);
  });
});

describe('who may do what', () => {
  const kinds = ['nobody', 'viewer', 'agent', 'admin'] as const;
  const ask = (method: 'get' | 'post' | 'patch' | 'delete', path: string, kind: (typeof kinds)[number]) => {
    const call = app.http[method](path);
    return kind === 'nobody' ? call : call.set(...bearer(tokens[kind]));
  };

  // Expected status for nobody, viewer, agent, admin. Admin calls change nothing: 400 and 404 prove that they got past the guards.
  test.each<['get' | 'post' | 'patch' | 'delete', string, [number, number, number, number]]>([
    ['get', '/probe/public', [200, 200, 200, 200]],
    ['get', '/probe/viewer', [401, 200, 200, 200]],
    ['get', '/probe/agent', [401, 403, 200, 200]],
    ['get', '/probe/admin', [401, 403, 403, 200]],
    ['post', '/probe/forgotten', [403, 403, 403, 403]],
    ['get', '/guarded', [401, 403, 403, 200]],
    ['get', '/guarded/lower', [401, 200, 200, 200]],
    ['get', '/auth/me', [401, 200, 200, 200]],
    ['post', '/auth/password', [401, 400, 400, 400]],
    ['get', '/admin/users', [401, 403, 403, 200]],
    ['post', '/admin/users', [401, 403, 403, 400]],
    ['get', `/admin/users/${newId()}`, [401, 403, 403, 404]],
    ['patch', `/admin/users/${newId()}`, [401, 403, 403, 400]],
    ['delete', `/admin/users/${newId()}`, [401, 403, 403, 404]],
    ['get', '/admin/audit', [401, 403, 403, 200]],
    ['get', '/admin/audit/verify', [401, 403, 403, 200]],
    ['get', '/no/such/route', [404, 404, 404, 404]],
  ])('%s %s', async (method, path, expected) => {
    const statuses = [];
    for (const kind of kinds) statuses.push((await ask(method, path, kind)).status);
    expect(statuses).toEqual(expected);
  });

  test('a user cannot read or change another one, or raise its own role', async () => {
    for (const role of ['viewer', 'agent'] as const) {
      const auth = bearer(tokens[role]);
      await app.http
        .get(`/admin/users/${viewerId}`)
        .set(...auth)
        .expect(403);
      await app.http
        .patch(`/admin/users/${viewerId}`)
        .set(...auth)
        .send({ role: 'admin' })
        .expect(403);
    }
    const me = await app.http.get('/auth/me').set(...bearer(tokens.viewer));
    expect(me.body.role).toBe('viewer');
  });

  test.each([
    ['no scheme', (token: string) => token],
    ['another scheme', (token: string) => `Basic ${token}`],
    ['two tokens', (token: string) => `Bearer ${token} ${token}`],
    ['no token', () => 'Bearer '],
  ])('a header with %s is not taken', async (_name, header) => {
    await app.http.get('/auth/me').set('Authorization', header(tokens.admin.access_token)).expect(401);
  });

  test('a token in the query is not taken', async () => {
    await app.http.get('/auth/me').query({ access_token: tokens.admin.access_token }).expect(401);
  });

  test('the principal holds no secret', async () => {
    const answer = await app.http.get('/probe/viewer').set(...bearer(tokens.viewer));
    expect(Object.keys(answer.body).sort()).toEqual(['id', 'role', 'sessionId', 'username']);
  });
});

describe('/admin/users', () => {
  const as = (kind: 'viewer' | 'agent' | 'admin' = 'admin') => bearer(tokens[kind]);

  test('create, read, change, list, delete', async () => {
    const created = await app.http
      .post('/admin/users')
      .set(...as())
      .send({ username: ' Carl.Crud@Example.com', password: 'nine purple elephants', role: 'agent' })
      .expect(201);
    const { id } = created.body as { id: string };
    expect(created.body).toEqual({
      id,
      username: 'carl.crud@example.com',
      role: 'agent',
      disabled: false,
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: expect.stringMatching(/Z$/),
    });
    const changed = await app.http
      .patch(`/admin/users/${id}`)
      .set(...as())
      .send({ role: 'viewer', password: 'ten purple elephants' })
      .expect(200);
    expect(changed.body).toMatchObject({ id, role: 'viewer', disabled: false });
    await login(app, { username: 'carl.crud@example.com', password: 'ten purple elephants' });
    const page = await app.http
      .get('/admin/users?limit=1')
      .set(...as())
      .expect(200);
    expect(page.body).toMatchObject({ items: [{ id }], nextCursor: id });
    await app.http
      .delete(`/admin/users/${id}`)
      .set(...as())
      .expect(204);
    await app.http
      .get(`/admin/users/${id}`)
      .set(...as())
      .expect(404);
    expect(JSON.stringify([created.body, changed.body, page.body])).not.toMatch(/argon2|hash|tokenVersion/i);
  });

  test.each<[string, object, number]>([
    ['a name that is taken', { username: 'Admin', password: 'nine purple elephants', role: 'viewer' }, 409],
    ['a weak password', { username: 'walter', password: 'password1234', role: 'viewer' }, 400],
    ['the name as password', { username: 'walter.weakling', password: 'Walter.Weakling', role: 'viewer' }, 400],
    ['an unknown role', { username: 'walter', password: 'nine purple elephants', role: 'root' }, 400],
    ['a name with blanks', { username: 'wal ter', password: 'nine purple elephants', role: 'viewer' }, 400],
    ['a name like an operator', { username: '$ne', password: 'nine purple elephants', role: 'viewer' }, 400],
    [
      'a field that is not ours to set',
      { username: 'walter', password: 'nine purple elephants', role: 'viewer', tokenVersion: -1 },
      400,
    ],
  ])('create refuses %s', async (_name, body, status) => {
    await app.http
      .post('/admin/users')
      .set(...as())
      .send(body)
      .expect(status);
  });

  test.each<[string, object]>([
    ['nothing', {}],
    ['a new name', { username: 'other' }],
    ['a hash', { passwordHash: 'x' }],
    ['an operator', { $set: { role: 'admin' } }],
    ['an operator as value', { role: { $ne: 'viewer' } }],
  ])('change refuses %s', async (_name, body) => {
    await app.http
      .patch(`/admin/users/${viewerId}`)
      .set(...as())
      .send(body)
      .expect(400);
  });

  test.each(['x', '..%2f..', '%00', '[object%20Object]', 'A'.repeat(24), '$ne'])('refuses the id %j', async (id) => {
    await app.http
      .get(`/admin/users/${id}`)
      .set(...as())
      .expect(400);
  });

  test.each([
    '/admin/users?cursor[$ne]=x',
    '/admin/users?cursor=x',
    '/admin/users?limit=0',
    '/admin/users?limit=1000',
    '/admin/users?role[$ne]=admin',
    '/admin/audit?target[$ne]=x',
    '/admin/audit?actorId[$gt]=',
    `/admin/audit?cursor=${'f'.repeat(24)}`,
    '/admin/audit?target=a&target=b',
  ])('refuses %s', async (path) => {
    await app.http
      .get(path)
      .set(...as())
      .expect(400);
  });

  test('the only administrator cannot be demoted, disabled or deleted', async () => {
    const me = await app.http.get('/auth/me').set(...as());
    const path = `/admin/users/${me.body.id as string}`;
    for (const body of [{ role: 'agent' }, { disabled: true }]) {
      const answer = await app.http
        .patch(path)
        .set(...as())
        .send(body)
        .expect(409);
      expect(answer.body.title).toContain('last enabled administrator');
    }
    await app.http
      .delete(path)
      .set(...as())
      .expect(409);
    await app.http
      .get('/auth/me')
      .set(...as())
      .expect(200);
  });
});

describe('/admin/audit', () => {
  test('shows who changed what from where, without values', async () => {
    const auth = bearer(tokens.admin);
    const user = await addUser(app, tokens.admin, 'olga.observed', 'viewer');
    await app.http
      .patch(`/admin/users/${user.id}`)
      .set(...auth)
      .set('X-Request-Id', 'r-audit')
      .send({ role: 'agent', password: 'ten purple elephants' })
      .expect(200);
    const answer = await app.http
      .get('/admin/audit')
      .query({ target: `user:${user.id}`, limit: 2 })
      .set(...auth)
      .expect(200);
    expect(answer.body.items[0]).toMatchObject({
      actorName: 'admin',
      action: 'user.update',
      target: `user:${user.id}`,
      fields: ['passwordHash', 'role'],
      beforeHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      afterHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      ip: expect.stringContaining('127.0.0.1'),
      requestId: 'r-audit',
    });
    const rest = await app.http
      .get('/admin/audit')
      .query({ target: `user:${user.id}`, cursor: answer.body.nextCursor as string })
      .set(...auth)
      .expect(200);
    const actions = [...answer.body.items, ...rest.body.items].map(({ action }: { action: string }) => action);
    expect(actions).toEqual(['user.update', 'auth.login', 'user.create']);
    expect(JSON.stringify([answer.body, rest.body])).not.toMatch(/elephants|argon2|nine miles/);
  });

  test('every change makes exactly one entry, every refused one none', async () => {
    const auth = bearer(tokens.admin);
    const count = () => app.connection.collection('audit_log').countDocuments();
    const before = await count();
    const user = await addUser(app, tokens.admin, 'erik.entry', 'viewer'); // create and login
    await app.http
      .patch(`/admin/users/${user.id}`)
      .set(...auth)
      .send({ role: 'agent' })
      .expect(200);
    await app.http
      .patch(`/admin/users/${user.id}`)
      .set(...auth)
      .send({ role: 'root' })
      .expect(400);
    await app.http
      .delete(`/admin/users/${user.id}`)
      .set(...auth)
      .expect(204);
    await app.http
      .delete(`/admin/users/${user.id}`)
      .set(...auth)
      .expect(404);
    await app.http
      .post('/auth/login')
      .send({ ...ADMIN, password: 'wrong password here' })
      .expect(401);
    expect((await count()) - before).toBe(4);
    const verdict = await app.http
      .get('/admin/audit/verify')
      .set(...auth)
      .expect(200);
    expect(verdict.body).toEqual({ intact: true, entries: before + 4, brokenAt: null, head: expect.any(String) });
  });
});

test('the OpenAPI document shows the login as form and JSON, and every answer as a schema', () => {
  const document = SwaggerModule.createDocument(app.app, new DocumentBuilder().build());
  const loginRoute = document.paths['/auth/login']!.post!;
  expect(Object.keys((loginRoute.requestBody as { content: object }).content)).toEqual([
    'application/x-www-form-urlencoded',
    'application/json',
  ]);
  expect(Object.keys(document.components?.schemas ?? {})).toEqual(
    expect.arrayContaining([
      'LoginRequest',
      'TokenAnswer',
      'Me',
      'User',
      'UserPage',
      'AuditPage',
      'AuditVerdict',
      'LogoutRequest',
    ]),
  );
});
