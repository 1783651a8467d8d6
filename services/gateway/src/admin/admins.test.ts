import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { sql } from 'kysely';
import { bearer, openGateway, OPERATOR_TOKEN, tokenFor } from '../testing/open-gateway.ts';
import type { AdminView } from './schemas.ts';

let gateway: Awaited<ReturnType<typeof openGateway>>;
beforeAll(async () => {
  gateway = await openGateway({ SUPER_ADMINS: 'root, Boss@Example.org' });
});
afterAll(() => gateway.close());
afterEach(async () => {
  await sql`truncate admin_users, audit_log`.execute(gateway.deps.db);
});

const as = async (uid: string, email = `${uid}@example.org`, verified = true) =>
  bearer(await tokenFor(uid, { email, email_verified: verified }));
const root = () => as('root');
const send = async (method: string, path: string, headers: Record<string, string>, body?: unknown) => {
  const answer = await fetch(`${gateway.url}${path}`, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};
const add = async (email: string, role = 'admin', by?: Record<string, string>) => {
  const { status, body } = await send('POST', '/admin/admins', by ?? (await root()), { email, role });
  expect(status).toBe(201);
  return body['admin'] as AdminView;
};
const roleOf = async (headers: Record<string, string>) => {
  const { body } = await send('GET', '/auth/user', headers);
  return (body['user'] as { role: string; is_admin: boolean }).role;
};
const audited = async () => {
  const rows = await gateway.deps.db.selectFrom('audit_log').selectAll().orderBy('id').execute();
  return rows.map(({ action, subject, details }) => ({ action, subject, details }));
};

describe('an admin', () => {
  it('is whoever has the verified address that was added, whatever its spelling', async () => {
    const ada = await as('ada', 'Ada@Example.org');
    expect(await roleOf(ada)).toBe('user');
    expect((await send('GET', '/admin/stats', ada)).status).toBe(403);
    const admin = await add('  ADA@example.org ');
    expect(admin).toEqual({
      id: expect.any(String),
      email: 'ada@example.org',
      role: 'admin',
      status: 'active',
      is_super_admin: false,
      description: '',
      added_by: 'root@example.org',
      created_at: expect.any(String),
      updated_at: expect.any(String),
      last_login: null,
      login_count: 0,
    });
    expect(await roleOf(ada)).toBe('admin');
    expect((await send('GET', '/admin/stats', ada)).status).toBe(200);
    expect((await send('GET', '/admin/admins', ada)).status).toBe(403);
  });

  it('is nobody whose address is not verified', async () => {
    await add('ada@example.org', 'super_admin');
    expect(await roleOf(await as('mallory', 'ada@example.org', false))).toBe('user');
    expect(await roleOf(await as('mallory2', 'boss@example.org', false))).toBe('user');
  });

  it('is nobody whose token says so and nothing else', async () => {
    const claims = { is_admin: true, email: 'x@example.org', email_verified: true };
    const token = bearer(await tokenFor('mallory', claims));
    expect(await roleOf(token)).toBe('user');
    expect((await send('GET', '/admin/videos', token)).status).toBe(403);
  });

  it('is none any more, with the same token, the moment it is removed', async () => {
    const admin = await add('ada@example.org');
    const ada = await as('ada');
    expect((await send('GET', '/admin/stats', ada)).status).toBe(200);
    const removed = await send('DELETE', `/admin/admins/${admin.id}`, await root());
    expect(removed).toMatchObject({ status: 200, body: { success: true, admin: { id: admin.id } } });
    expect((await send('GET', '/admin/stats', ada)).status).toBe(403);
    expect((await send('DELETE', `/admin/admins/${admin.id}`, await root())).status).toBe(404);
    expect(await add('ada@example.org')).not.toMatchObject({ id: admin.id });
    expect((await send('GET', '/admin/stats', ada)).status).toBe(200);
  });

  it('that is inactive is a user', async () => {
    const { id } = await add('ada@example.org', 'super_admin');
    const ada = await as('ada');
    expect(await roleOf(ada)).toBe('super_admin');
    await send('PUT', `/admin/admins/${id}`, await root(), { status: 'inactive' });
    expect(await roleOf(ada)).toBe('user');
    await send('PUT', `/admin/admins/${id}`, await root(), { status: 'active', role: 'admin' });
    expect(await roleOf(ada)).toBe('admin');
  });

  it('is a super admin by the configuration, by uid or by verified address', async () => {
    expect(await roleOf(await as('root'))).toBe('super_admin');
    expect(await roleOf(await as('b', 'BOSS@example.org'))).toBe('super_admin');
  });
});

describe('the list', () => {
  it('begins with the configuration’s, and has its figures', async () => {
    const gone = await add('gone@example.org');
    const idle = await add('idle@example.org');
    await add('ada@example.org', 'super_admin');
    await send('DELETE', `/admin/admins/${gone.id}`, await root());
    await send('PUT', `/admin/admins/${idle.id}`, await root(), {
      status: 'inactive',
      description: 'on leave',
    });
    const { body } = await send('GET', '/admin/admins/', await root());
    expect(body).toMatchObject([
      { id: 'root', email: 'root', is_super_admin: true, added_by: 'configuration', created_at: null },
      { email: 'Boss@Example.org', role: 'super_admin', status: 'active' },
      { email: 'idle@example.org', status: 'inactive', description: 'on leave' },
      { email: 'ada@example.org', role: 'super_admin', is_super_admin: true },
    ]);
    expect((await send('GET', '/admin/admins/stats', await root())).body).toEqual({
      total_admins: 4,
      active_admins: 3,
      super_admins: 3,
      removed_admins: 1,
    });
    expect((await send('GET', `/admin/admins/${idle.id}`, await root())).body).toMatchObject({ id: idle.id });
    expect((await send('GET', `/admin/admins/${gone.id}`, await root())).status).toBe(404);
  });

  it('keeps what was changed in the audit log', async () => {
    const { id } = await add('ada@example.org');
    await send('PUT', `/admin/admins/${id}`, await root(), { role: 'super_admin' });
    await send('DELETE', `/admin/admins/${id}`, await root());
    expect(await audited()).toEqual([
      { action: 'admin.add', subject: id, details: { email: 'ada@example.org', role: 'admin' } },
      {
        action: 'admin.change',
        subject: id,
        details: {
          email: 'ada@example.org',
          from: { role: 'admin', status: 'active', description: '' },
          to: { role: 'super_admin', status: 'active', description: '' },
        },
      },
      { action: 'admin.remove', subject: id, details: { email: 'ada@example.org', role: 'super_admin' } },
    ]);
  });
});

describe('refused is', () => {
  it('what is no address, no role or nothing', async () => {
    const headers = await root();
    for (const body of [
      {},
      { email: 'ada' },
      { email: 'a@b.co', role: 'god' },
      { email: 'a@b.co', status: 'x' },
      [],
    ])
      expect((await send('POST', '/admin/admins', headers, body)).status).toBe(400);
    const { id } = await add('ada@example.org');
    for (const body of [{}, { role: 'user' }, { status: 'removed' }, { email: 'other@example.org' }])
      expect((await send('PUT', `/admin/admins/${id}`, headers, body)).status).toBe(400);
  });

  it('somebody twice, even at once', async () => {
    const headers = await root();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => send('POST', '/admin/admins', headers, { email: 'ada@example.org' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
    expect((await send('POST', '/admin/admins', headers, { email: 'boss@example.org' })).body).toMatchObject({
      code: 'already_admin',
    });
  });

  it('to change those of the configuration', async () => {
    for (const id of ['root', 'Boss@Example.org'])
      expect((await send('DELETE', `/admin/admins/${id}`, await root())).body).toMatchObject({
        code: 'configured',
      });
  });

  it('to take one’s own rights away', async () => {
    const { id } = await add('ada@example.org', 'super_admin');
    const ada = await as('ada');
    for (const [method, body] of [
      ['DELETE'],
      ['PUT', { role: 'admin' }],
      ['PUT', { status: 'inactive' }],
    ] as const) {
      const answer = await send(method, `/admin/admins/${id}`, ada, body);
      expect(answer).toMatchObject({ status: 409, body: { code: 'own_account' } });
    }
    expect((await send('PUT', `/admin/admins/${id}`, ada, { description: 'me' })).status).toBe(200);
  });

  it('everybody who is no super admin, and everybody unknown', async () => {
    await add('ada@example.org');
    for (const [headers, status] of [
      [await as('ada'), 403],
      [await as('nobody'), 403],
      [bearer(OPERATOR_TOKEN), 403],
      [{}, 401],
    ] as const) {
      expect((await send('GET', '/admin/admins', headers)).status).toBe(status);
      expect((await send('POST', '/admin/admins', headers, { email: 'm@example.org' })).status).toBe(status);
    }
  });
});

describe('super admins of the table alone', () => {
  let lonely: typeof gateway;
  beforeAll(async () => {
    const operator = { SUPER_ADMINS: '', STATIC_BEARER_ROLE: 'super_admin' };
    lonely = await openGateway(operator);
  });
  afterAll(() => lonely.close());
  const change = async (method: string, id: string, headers: Record<string, string>, body?: unknown) => {
    const answer = await fetch(`${lonely.url}/admin/admins/${id}`, {
      method,
      headers: { ...headers, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as { code?: string; admin?: AdminView } };
  };

  it('never all go: not by one who may, and not when two remove each other at once', async () => {
    const operator = bearer(OPERATOR_TOKEN);
    const made = await Promise.all(
      ['ada', 'bea'].map(async (name) => {
        const body = { email: `${name}@example.org`, role: 'super_admin' };
        return (await change('POST', '', operator, body)).body.admin?.id ?? '';
      }),
    );
    const [ada = '', bea = ''] = made;
    const [asAda, asBea] = [await as('ada'), await as('bea')];
    const answers = await Promise.all([change('DELETE', bea, asAda), change('DELETE', ada, asBea)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403]);
    const left = answers[0]?.status === 200 ? ada : bea;
    for (const [method, body] of [
      ['DELETE'],
      ['PUT', { role: 'admin' }],
      ['PUT', { status: 'inactive' }],
    ] as const) {
      expect(await change(method, left, operator, body)).toMatchObject({
        status: 409,
        body: { code: 'last_super_admin' },
      });
    }
  });
});

it('takes another gateway seconds to notice that an admin was removed', async () => {
  const other = await gateway.house.start({ SUPER_ADMINS: 'root, Boss@Example.org' });
  try {
    const { id } = await add('ada@example.org');
    const ada = await as('ada');
    const status = async () => (await fetch(`${other.url}/admin/stats`, { headers: ada })).status;
    expect(await status()).toBe(200);
    await send('DELETE', `/admin/admins/${id}`, await root());
    const now = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => now + 5_100);
    expect(await status()).toBe(403);
  } finally {
    jest.restoreAllMocks();
    await other.stop(0);
  }
});
