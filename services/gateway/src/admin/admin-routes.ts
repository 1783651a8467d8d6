import type { Executor } from '@mediaworks/jobs';
import type { Request } from 'express';
import { z } from 'zod';
import { ApiError } from '../api-error.ts';
import { auditEntry, writeAudit } from '../audit.ts';
import type { Identity } from '../auth/identity.ts';
import type { SignIn } from '../auth/sign-in.ts';
import { type Answer, defineRoute, type Route } from '../define-route.ts';
import type { GatewayDeps } from '../deps.ts';
import {
  type AdminRow,
  changeAdmin,
  countRemovedAdmins,
  insertAdmin,
  listAdmins,
  lockAdmins,
  removeAdmin,
} from './admin-queries.ts';
import { adminChanged, adminChanges, adminStats, type AdminView, adminView, newAdmin } from './schemas.ts';

const adminParams = z.object({ id: z.string().max(320) });

/** `/admin/admins`: who may administer. For super admins, who are named in the configuration or by another. */
export function adminRoutes({ db, env }: GatewayDeps, { authenticator, roles }: SignIn): Route[] {
  const configured = new Set(env.SUPER_ADMINS.map((name) => name.toLowerCase()));
  const listed = async (): Promise<AdminView[]> => {
    const rows = await listAdmins(db);
    const known = new Set(rows.map(({ email }) => email));
    const fromConfiguration = env.SUPER_ADMINS.filter((name) => !known.has(name.toLowerCase()));
    return [
      ...fromConfiguration.map(configuredAdmin),
      ...rows.map((row) => presentAdmin(row, configured.has(row.email))),
    ];
  };

  /** One change at a time, by somebody who is a super admin at this very moment. */
  const change = async (
    req: Request,
    work: (tx: Executor, me: Identity) => Promise<{ admin: AdminRow; action: string; details: object }>,
    [status, message]: [number, string],
  ): Promise<Answer> => {
    const me = await authenticator.identify(req);
    const row = await db.transaction().execute(async (tx) => {
      await lockAdmins(tx);
      const role = me.role ?? (await roles.roleIn(tx, me));
      if (role !== 'super_admin') throw new ApiError(403, 'forbidden', 'This is for super admins alone');
      const { admin, action, details } = await work(tx, me);
      await writeAudit(tx, [auditEntry(req, action, admin.id, { email: admin.email, ...details })]);
      return admin;
    });
    roles.forget();
    return { status, body: { success: true, admin: presentAdmin(row, configured.has(row.email)), message } };
  };

  /** The row that is to change. @throws ApiError where it would leave nobody, or is one's own */
  const changeable = async (
    tx: Executor,
    id: string,
    me: Identity,
    losesPower: (row: AdminRow) => boolean,
  ): Promise<AdminRow> => {
    const rows = await listAdmins(tx);
    const row = rows.find((one) => one.id === id.toLowerCase());
    if (configured.has(row?.email ?? id.toLowerCase()))
      throw new ApiError(409, 'configured', 'SUPER_ADMINS in the configuration names this one');
    if (!row) throw new ApiError(404, 'not_found', 'There is no such admin');
    if (!losesPower(row)) return row;
    if (me.emailVerified && me.email?.toLowerCase() === row.email)
      throw new ApiError(409, 'own_account', 'Nobody takes away their own rights: ask another super admin');
    const others = rows.filter((one) => one !== row && isActiveSuper(one)).length + configured.size;
    if (isActiveSuper(row) && others === 0)
      throw new ApiError(409, 'last_super_admin', 'There would be no super admin left');
    return row;
  };

  const list = defineRoute({
    method: 'get',
    path: '/admin/admins',
    summary: 'Who may administer',
    access: 'super_admin',
    responses: { 200: { description: 'Those of the configuration first', schema: z.array(adminView) } },
    handler: async () => ({ status: 200, body: await listed() }),
  });

  const stats = defineRoute({
    method: 'get',
    path: '/admin/admins/stats',
    summary: 'How many may administer',
    access: 'super_admin',
    responses: { 200: { description: 'Counts', schema: adminStats } },
    handler: async () => {
      const [admins, removed] = await Promise.all([listed(), countRemovedAdmins(db)]);
      const active = admins.filter(({ status }) => status === 'active');
      const body = {
        total_admins: admins.length,
        active_admins: active.length,
        super_admins: active.filter((admin) => admin.is_super_admin).length,
        removed_admins: removed,
      };
      return { status: 200, body };
    },
  });

  const add = defineRoute({
    method: 'post',
    path: '/admin/admins',
    summary: 'Make somebody an admin, by an e-mail address that counts once it is verified',
    access: 'super_admin',
    body: newAdmin,
    responses: { 201: { description: 'The admin', schema: adminChanged } },
    errors: [409],
    handler: ({ req, body }) =>
      change(
        req,
        async (tx, me) => {
          const admin = configured.has(body.email)
            ? undefined
            : await insertAdmin(tx, { ...body, added_by: me.email ?? me.uid });
          if (!admin) throw new ApiError(409, 'already_admin', 'This one is an admin already');
          return { admin, action: 'admin.add', details: { role: admin.role } };
        },
        [201, 'The admin was added'],
      ),
  });

  const get = defineRoute({
    method: 'get',
    path: '/admin/admins/:id',
    summary: 'An admin',
    access: 'super_admin',
    params: adminParams,
    responses: { 200: { description: 'The admin', schema: adminView } },
    errors: [404],
    handler: async ({ params }) => {
      const admin = (await listed()).find(({ id }) => id === params.id);
      if (!admin) throw new ApiError(404, 'not_found', 'There is no such admin');
      return { status: 200, body: admin };
    },
  });

  const edit = defineRoute({
    method: 'put',
    path: '/admin/admins/:id',
    summary: 'Change an admin; an inactive one is a user like any other',
    access: 'super_admin',
    params: adminParams,
    body: adminChanges,
    responses: { 200: { description: 'The admin', schema: adminChanged } },
    errors: [404, 409],
    handler: ({ req, params, body }) =>
      change(
        req,
        async (tx, me) => {
          const loses = (row: AdminRow) =>
            (body.status === 'inactive' && row.status === 'active') ||
            (body.role === 'admin' && row.role === 'super_admin');
          const before = await changeable(tx, params.id, me, loses);
          const admin = (await changeAdmin(tx, before.id, body)) ?? before;
          return { admin, action: 'admin.change', details: { from: pick(before), to: pick(admin) } };
        },
        [200, 'The admin was changed'],
      ),
  });

  const remove = defineRoute({
    method: 'delete',
    path: '/admin/admins/:id',
    summary: 'Take somebody’s rights away',
    access: 'super_admin',
    params: adminParams,
    responses: { 200: { description: 'The admin that was', schema: adminChanged } },
    errors: [404, 409],
    handler: ({ req, params }) =>
      change(
        req,
        async (tx, me) => {
          const before = await changeable(tx, params.id, me, () => true);
          const admin = (await removeAdmin(tx, before.id)) ?? before;
          return { admin, action: 'admin.remove', details: { role: admin.role } };
        },
        [200, 'The admin was removed'],
      ),
  });

  return [list, stats, add, get, edit, remove];
}

const isActiveSuper = ({ role, status }: AdminRow) => role === 'super_admin' && status === 'active';
const pick = ({ role, status, description }: AdminRow) => ({ role, status, description });

function presentAdmin(row: AdminRow, configured: boolean): AdminView {
  const role = configured ? 'super_admin' : row.role;
  return {
    ...row,
    role,
    is_super_admin: role === 'super_admin',
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    last_login: row.last_login?.toISOString() ?? null,
  };
}

function configuredAdmin(name: string): AdminView {
  return {
    id: name,
    email: name,
    role: 'super_admin',
    status: 'active',
    is_super_admin: true,
    description: 'Named in SUPER_ADMINS',
    added_by: 'configuration',
    created_at: null,
    updated_at: null,
    last_login: null,
    login_count: 0,
  };
}
