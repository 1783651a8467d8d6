// What `npm start`, `npm run demo`, `npm test`, `npm run check` and `npm run bench` do. It needs Node and npm alone, and
// brings the rest: pnpm, the packages, and a build. Nothing is done again that is done already.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const bin = {
  eslint: 'node_modules/eslint/bin/eslint.js',
  jest: 'node_modules/jest/bin/jest.js',
  knip: 'node_modules/knip/bin/knip.js',
  prettier: 'node_modules/prettier/bin/prettier.cjs',
  tsc: 'node_modules/typescript/bin/tsc',
};

/** A step ended badly; what went wrong is on the screen already. */
class StepFailed extends Error {
  constructor(code, hint) {
    super(hint);
    this.code = code;
  }
}

let current;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => current?.kill(signal));

// npm that is killed outright tells nobody: what it started would go on unseen.
if (process.env.npm_lifecycle_event !== undefined) {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) current?.kill('SIGTERM');
  }, 500).unref();
}

/** Runs a program to its end and returns its exit code, 128 + n when signal n ended it. */
function run(file, args, { env = {}, stdio = 'inherit' } = {}) {
  return new Promise((resolve, reject) => {
    current = spawn(file, args, { cwd: root, stdio, env: { ...process.env, ...env } });
    current.once('error', reject);
    current.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

const node = (args, options) => run(process.execPath, args, options);

async function must(running, hint) {
  const code = await running;
  if (code !== 0) throw new StepFailed(code, hint);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [neededMajor, neededMinor] = manifest.engines.node.match(/\d+/g).map(Number);
  if (major > neededMajor || (major === neededMajor && minor >= neededMinor)) return;
  throw new StepFailed(1, `Node ${manifest.engines.node} is needed, and this is ${process.versions.node}.`);
}

/** Everything that decides what is installed. */
function installFingerprint() {
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}-${process.versions.modules}`);
  const below = (dir) =>
    readdirSync(join(root, dir))
      .sort()
      .map((name) => `${dir}/${name}/package.json`);
  const files = [
    'package.json',
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    ...below('packages'),
    ...below('services'),
  ];
  for (const file of [...files, 'bench/package.json', 'tests/package.json']) {
    if (existsSync(join(root, file))) hash.update(`${file}\n`).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

async function install() {
  const stamp = join(root, 'node_modules', '.mediaworks-install');
  const fingerprint = installFingerprint();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint) return;
  process.stdout.write('Installing the packages (once)\n');
  // CI: pnpm asks nothing, and so never waits for an answer that nobody gives.
  await must(
    run('npx', ['--yes', manifest.packageManager, 'install', '--frozen-lockfile', '--reporter=append-only'], {
      env: { CI: 'true', npm_config_confirm_modules_purge: 'false' },
      stdio: ['ignore', 'inherit', 'inherit'],
    }),
    'The packages could not be installed. The first time needs the npm registry: is this machine online, and does\n' +
      '`npm ping` work? After a change of a package.json, `npx ' +
      `${manifest.packageManager} install\` brings the lockfile up to date.`,
  );
  writeFileSync(stamp, fingerprint);
}

const build = () => must(node([bin.tsc, '-b']), 'The build failed.');

const jestOptions = [
  process.env.NODE_OPTIONS,
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
];
const jest = (args) =>
  node([bin.jest, ...args], { env: { NODE_OPTIONS: jestOptions.filter(Boolean).join(' ') } });

/** The channel tells the child when this process is killed, so that it can end what it started. */
const cli = (args) =>
  node(['packages/local-stack/dist/cli.js', ...args], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });

/** Runs every check, even after one that failed: one run tells everything. */
async function check(args) {
  const steps = [
    ['format', () => node([bin.prettier, '--check', '--log-level=warn', '.'])],
    ['build', () => node([bin.tsc, '-b'])],
    ['types of the tests', () => node([bin.tsc, '-p', 'tsconfig.tests.json'])],
    ['lint and import directions', () => node([bin.eslint, '--max-warnings=0', '.'])],
    ['unused code', () => node([bin.knip])],
  ];
  if (!args.includes('--no-tests')) steps.push(['tests', () => jest(args)]);
  const failed = [];
  for (const [name, step] of steps) {
    process.stdout.write(`\n> ${name}\n`);
    if ((await step()) !== 0) failed.push(name);
  }
  process.stdout.write(failed.length === 0 ? '\nEvery check passed.\n' : `\nFailed: ${failed.join(', ')}\n`);
  return failed.length === 0 ? 0 : 1;
}

const commands = {
  start: async (args) => (await build(), cli(['start', ...args])),
  demo: async (args) => (await build(), cli(['demo', ...args])),
  test: async (args) => (await build(), jest(args)),
  check,
  bench: async (args) => (await build(), node(['bench/dist/main.js', ...args])),
};

const [name = '', ...args] = process.argv.slice(2);
try {
  const command = commands[name];
  if (command === undefined) throw new StepFailed(2, `Commands: ${Object.keys(commands).join(', ')}`);
  checkNode();
  await install();
  process.exitCode = await command(args);
} catch (error) {
  if (!(error instanceof StepFailed)) throw error;
  process.stderr.write(`\n${error.message}\n`);
  process.exitCode = error.code;
}
