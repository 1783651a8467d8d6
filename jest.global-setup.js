import './scripts/run-source.mjs';

/** One Postgres and one Redis for all suites; each suite makes a database and a key prefix of its own in them. */
export default async function setUp() {
  const { startTestServers } = await import('./packages/local-stack/src/test-servers.ts');
  globalThis.testServers = await startTestServers();
}
