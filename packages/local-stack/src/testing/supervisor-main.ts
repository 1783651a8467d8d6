import type { ServiceDefinition } from '../services.ts';
import { startStack } from '../stack.ts';

/** A stack in a process of its own, for tests that kill it. Says what its services say, then who runs. */
const say = (line: string) => process.stdout.write(`${line}\n`);
const { SERVICE = '', DATA = '' } = process.env;
const stack = await startStack({
  dataDir: DATA,
  services: [JSON.parse(SERVICE) as ServiceDefinition],
  log: (source, line) => say(`${source}: ${line}`),
});
say(`pids ${JSON.stringify(Object.values(stack.pids()))}`);
