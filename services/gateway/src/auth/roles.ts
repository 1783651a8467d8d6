import type { Executor } from '@mediaworks/jobs';
import { sql } from 'kysely';
import type { Role } from '../request-context.ts';
import type { Identity } from './identity.ts';
import { MOCK_ADMIN_UID } from './mock-users.ts';

/** What a role goes by. */
export type Person = Pick<Identity, 'uid' | 'email' | 'emailVerified'>;

export interface RoleDirectory {
  /** At once where it is known, which it nearly always is. */
  roleOf(person: Person): Role | Promise<Role>;
  /** As it stands now, asked in a transaction. */
  roleIn(tx: Executor, person: Person): Promise<Role>;
  /** The admins have changed. */
  forget(): void;
}

export interface RoleOptions {
  /** E-mail addresses or uids. */
  superAdmins: readonly string[];
  /** Whether the admin of `/auth/mock-admin-token` is one. */
  mockAdmin: boolean;
}

type Admins = ReadonlyMap<string, Role>;

/** How long another process may take to notice that an admin was removed. */
const KNOWN_FOR_MS = 5_000;
/** From when on the next answer is fetched while the present one still holds. */
const FRESH_FOR_MS = 2_000;

/**
 * Who is an admin now, whatever a token says: the configuration and `admin_users` decide. The table is small and is kept
 * whole for a few seconds. An e-mail address counts where it was verified, a uid always.
 */
export function createRoleDirectory(db: Executor, options: RoleOptions): RoleDirectory {
  const superAdmins = new Set(options.superAdmins.map((name) => name.toLowerCase()));
  let known: { admins: Admins; at: number } | undefined;
  let asking: Promise<Admins> | undefined;
  let generation = 0;

  const ask = (): Promise<Admins> => {
    if (asking) return asking;
    const asked = generation;
    const answer = readAdmins(db)
      .then((admins) => {
        if (asked === generation) known = { admins, at: Date.now() };
        return admins;
      })
      .finally(() => {
        if (asking === answer) asking = undefined;
      });
    asking = answer;
    return answer;
  };
  const configured = ({ uid, email, emailVerified }: Person): Role | undefined => {
    if (options.mockAdmin && uid === MOCK_ADMIN_UID) return 'admin';
    if (options.superAdmins.includes(uid)) return 'super_admin';
    return emailVerified && email !== null && superAdmins.has(email.toLowerCase())
      ? 'super_admin'
      : undefined;
  };
  const listed = ({ email, emailVerified }: Person, admins: Admins): Role =>
    (emailVerified && email !== null ? admins.get(email.toLowerCase()) : undefined) ?? 'user';

  return {
    roleOf: (person) => {
      const role = configured(person);
      if (role) return role;
      // Without a verified address nobody is in the table.
      if (!person.emailVerified || person.email === null) return 'user';
      const age = known ? Date.now() - known.at : Infinity;
      if (!known || age > KNOWN_FOR_MS) return ask().then((admins) => listed(person, admins));
      if (age > FRESH_FOR_MS) ask().catch(() => undefined);
      return listed(person, known.admins);
    },
    roleIn: async (tx, person) => configured(person) ?? listed(person, await readAdmins(tx)),
    forget: () => {
      generation++;
      known = undefined;
      asking = undefined;
    },
  };
}

async function readAdmins(db: Executor): Promise<Admins> {
  const { rows } = await sql<{ email: string; role: Role }>`
    select email, role from admin_users where status = 'active' and removed_at is null`.execute(db);
  return new Map(rows.map(({ email, role }) => [email, role]));
}
