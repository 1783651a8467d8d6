import { flag, list } from '@mediaworks/runtime';
import { z } from 'zod';

const MIN_SECRET_BYTES = 32;

/** `kid:secret,kid2:secret2`: the first signs, all verify, so that a key can be replaced without a gap. */
const keyRing = list
  .transform((items) =>
    items.map((item) => {
      const colon = item.indexOf(':');
      return { kid: item.slice(0, Math.max(0, colon)), secret: item.slice(colon + 1) };
    }),
  )
  .refine(
    (keys) => keys.every(({ kid }) => /^[A-Za-z0-9._-]{1,64}$/.test(kid)),
    'expected kid:secret,kid2:secret2',
  )
  .refine((keys) => new Set(keys.map(({ kid }) => kid)).size === keys.length, 'a key id is there twice')
  .refine(
    (keys) => keys.every(({ secret }) => Buffer.byteLength(secret) >= MIN_SECRET_BYTES),
    `every secret must have at least ${MIN_SECRET_BYTES} bytes`,
  );

/** Who may come in, and as what. */
export const authEnv = {
  AUTH: flag.default(true),
  STATIC_BEARER_TOKEN: z.string().min(16).optional(),
  STATIC_BEARER_ROLE: z.enum(['user', 'admin', 'super_admin']).default('admin'),
  JWT_SECRETS: keyRing.default([]),
  JWT_ISSUER: z.string().default('mediaworks'),
  JWT_AUDIENCE: z.string().default('mediaworks'),
  /** E-mail addresses or uids. */
  SUPER_ADMINS: list.default([]),
  /** Gives tokens of nobody to anybody, an admin's among them: for trying things out. */
  MOCK_AUTH: flag.default(false),
  /** Domains that need no token. */
  OPEN_ROUTES: list.default([]),
};

interface GivenAuth extends z.infer<z.ZodObject<typeof authEnv>> {
  NODE_ENV: string;
  HOST: string;
  FIREBASE_PROJECT_ID?: string | undefined;
  GOOGLE_CLOUD_PROJECT?: string | undefined;
  FIREBASE_SERVICE_ACCOUNT_PATH?: string | undefined;
  FIREBASE_AUTH_EMULATOR_HOST?: string | undefined;
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);
/** Domains in which whoever needs no token could do anything. */
const NEVER_OPEN = ['admin', 'auth'];

/** What does not go together, in words. */
export function authProblems(env: GivenAuth): string[] {
  const problems: string[] = [];
  const firebase =
    (env.FIREBASE_PROJECT_ID ?? env.GOOGLE_CLOUD_PROJECT ?? env.FIREBASE_SERVICE_ACCOUNT_PATH) !== undefined;
  if (!env.AUTH && !LOOPBACK.has(env.HOST)) {
    problems.push('AUTH: off is for a gateway that listens on loopback alone; see HOST');
  }
  if (env.AUTH && env.STATIC_BEARER_TOKEN === undefined && env.JWT_SECRETS.length === 0 && !firebase) {
    problems.push('AUTH: nobody could sign in; set STATIC_BEARER_TOKEN, JWT_SECRETS or FIREBASE_PROJECT_ID');
  }
  if (env.MOCK_AUTH && env.JWT_SECRETS.length === 0) {
    problems.push('JWT_SECRETS: MOCK_AUTH needs one to sign with');
  }
  for (const domain of NEVER_OPEN.filter((name) => env.OPEN_ROUTES.includes(name))) {
    problems.push(`OPEN_ROUTES: ${domain} can not be open`);
  }
  if (env.NODE_ENV === 'production') problems.push(...productionProblems(env, firebase));
  return problems;
}

function productionProblems(env: GivenAuth, firebase: boolean): string[] {
  return [
    ...(env.MOCK_AUTH ? ['MOCK_AUTH: not in production'] : []),
    ...(env.FIREBASE_AUTH_EMULATOR_HOST === undefined
      ? []
      : ['FIREBASE_AUTH_EMULATOR_HOST: not in production, tokens would need no signature']),
    ...(firebase && env.JWT_SECRETS.length === 0
      ? ['JWT_SECRETS: who signs in by Firebase is given a token of ours, which needs a secret']
      : []),
  ];
}
