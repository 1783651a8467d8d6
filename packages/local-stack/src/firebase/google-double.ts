import { createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { Agent } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { selfSigned } from './certificate.ts';

type Json = Record<string, unknown>;
type Answer = [status: number, body: Json];

/** A message as Firebase Cloud Messaging got it. */
export type PushMessage = { topic?: string; data?: Record<string, string>; notification?: Json } & Json;

/** An account, as far as a check for revocation asks. */
export interface Account {
  /** Tokens from before are revoked; seconds since 1970. */
  validSince?: number;
  disabled?: boolean;
}

export interface GoogleDouble {
  /** Brings every HTTPS connection here, whatever its host. */
  agent: Agent;
  /** A key that the token endpoint knows, for FIREBASE_SERVICE_ACCOUNT_PATH. */
  serviceAccount: { type: string; project_id: string; client_email: string; private_key: string };
  accounts: Map<string, Account>;
  /** What was pushed and has not been taken by {@link nextPush}. */
  pushes: PushMessage[];
  /** The oldest message that nobody took yet, or the next that comes. */
  nextPush(): Promise<PushMessage>;
  /** What to answer instead, in order, for paths that hold this; one request each. */
  failNext(path: string, ...answers: Answer[]): void;
  /** How often paths that hold this were asked for. */
  asked(path: string): number;
  /** An ID token as Firebase signs it; `header` and `claims` go over what a good one has. */
  idToken(claims?: Json, header?: Json, key?: KeyObject): string;
  stop(): Promise<void>;
}

const KEY_ID = 'the-present-key';
const ACCESS_TOKEN = 'ya29.the-double';

/**
 * What the gateway asks of Google, at the wire: the certificates that ID tokens are verified with, access tokens, the
 * accounts, Cloud Messaging. The real client library talks to it, in plain HTTP once it believes to be connected.
 */
export async function startGoogleDouble(projectId: string): Promise<GoogleDouble> {
  const tokenKey = newKey();
  const accountKey = newKey();
  const certificate = selfSigned(tokenKey, 'securetoken.system.gserviceaccount.com');
  const accounts = new Map<string, Account>();
  const pushes: PushMessage[] = [];
  const waiting: ((message: PushMessage) => void)[] = [];
  const planned: { path: string; answer: Answer }[] = [];
  const log: string[] = [];

  const respond = async (req: IncomingMessage): Promise<Answer> => {
    const url = `${req.headers.host ?? ''}${req.url ?? ''}`;
    const body = await text(req);
    log.push(url);
    const plan = planned.findIndex(({ path }) => url.includes(path));
    const [instead] = plan === -1 ? [] : planned.splice(plan, 1);
    if (instead) return instead.answer;
    if (url.startsWith('www.googleapis.com/robot/v1/metadata/x509/securetoken@'))
      return [200, { [KEY_ID]: certificate }];
    if (url.endsWith('/token')) return accessToken(body, accountKey);
    if (req.headers.authorization !== `Bearer ${ACCESS_TOKEN}`) return failure(401, 'UNAUTHENTICATED');
    if (url.includes('accounts:lookup')) return lookUp(body, accounts);
    if (url === `fcm.googleapis.com/v1/projects/${projectId}/messages:send`) {
      const { message } = JSON.parse(body) as { message: PushMessage };
      const taker = waiting.shift();
      if (taker) taker(message);
      else pushes.push(message);
      return [200, { name: `projects/${projectId}/messages/${log.length}` }];
    }
    return failure(404, 'NOT_FOUND');
  };
  const server = createServer((req, res) => {
    void respond(req).then(([status, body]) => {
      const headers = { 'content-type': 'application/json', 'cache-control': 'public, max-age=3600' };
      res.writeHead(status, headers).end(JSON.stringify(body));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const agent = agentTo((server.address() as AddressInfo).port);

  return {
    agent,
    accounts,
    pushes,
    serviceAccount: {
      type: 'service_account',
      project_id: projectId,
      client_email: `double@${projectId}.iam.gserviceaccount.com`,
      private_key: accountKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    },
    nextPush: () => {
      const message = pushes.shift();
      return message ? Promise.resolve(message) : new Promise((resolve) => waiting.push(resolve));
    },
    failNext: (path, ...answers) => void planned.push(...answers.map((answer) => ({ path, answer }))),
    asked: (path) => log.filter((url) => url.includes(path)).length,
    idToken: (claims = {}, header = {}, key = tokenKey) => {
      const now = Math.floor(Date.now() / 1_000);
      const standard = {
        iss: `https://securetoken.google.com/${projectId}`,
        aud: projectId,
        auth_time: now - 10,
        iat: now - 10,
        exp: now + 3_600,
        sub: 'somebody',
        user_id: 'somebody',
        firebase: { sign_in_provider: 'password' },
      };
      return signed({ alg: 'RS256', kid: KEY_ID, typ: 'JWT', ...header }, { ...standard, ...claims }, key);
    },
    stop: async () => {
      agent.destroy();
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}

const newKey = () => generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;

function agentTo(port: number): Agent {
  class LoopbackAgent extends Agent {
    override createConnection() {
      return connect(port, '127.0.0.1');
    }
  }
  return new LoopbackAgent();
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A JWT; without a signature where its header says `none`. */
function signed(header: Json, claims: Json, key: KeyObject): string {
  const content = `${part(header)}.${part(claims)}`;
  if (header['alg'] === 'none') return `${content}.`;
  return `${content}.${sign('sha256', Buffer.from(content), key).toString('base64url')}`;
}

const failure = (status: number, name: string): Answer => [
  status,
  { error: { code: status, message: name, status: name } },
];

/** Only who holds the service account's key gets one (RFC 7523). */
function accessToken(body: string, accountKey: KeyObject): Answer {
  const assertion = new URLSearchParams(body).get('assertion') ?? '';
  const [header, claims, signature = ''] = assertion.split('.');
  const content = Buffer.from(`${header ?? ''}.${claims ?? ''}`);
  const good = verify('sha256', content, createPublicKey(accountKey), Buffer.from(signature, 'base64url'));
  return good
    ? [200, { access_token: ACCESS_TOKEN, expires_in: 3_600, token_type: 'Bearer' }]
    : [400, { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' }];
}

function lookUp(body: string, accounts: ReadonlyMap<string, Account>): Answer {
  const { localId = [] } = JSON.parse(body) as { localId?: string[] };
  const [uid = ''] = localId;
  const account = accounts.get(uid);
  if (!account) return [200, { kind: 'identitytoolkit#GetAccountInfoResponse' }];
  const { validSince = 0, disabled = false } = account;
  return [200, { users: [{ localId: uid, disabled, validSince: String(validSince) }] }];
}
