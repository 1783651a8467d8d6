import { startStack } from './stack.ts';
import { aborted, listenForStop } from './stop-signals.ts';
import { terminalLog } from './terminal-log.ts';

/** `npm start`: everything on this machine, until Ctrl-C. Returns the exit code. */
export async function run(): Promise<number> {
  const stopRequest = listenForStop();
  const { MEDIAWORKS_DATA: dataDir = '', NO_COLOR: noColour = '' } = process.env;
  const log = terminalLog(process.stdout, noColour !== '');
  const say = (line: string) => process.stdout.write(`${line}\n`);

  say('Starting Postgres, Redis and the services');
  const stack = await startStack({
    ...(dataDir === '' ? {} : { dataDir }),
    env: { LOG_FORMAT: process.stdout.isTTY ? 'pretty' : 'json', ...process.env },
    log,
    signal: stopRequest,
  });
  if (stack.baseUrl !== undefined) {
    say(`\n  Mediaworks is ready   ${stack.baseUrl}/docs#token=${stack.token}`);
    say(`  The token             ${stack.token}`);
    say('  Ctrl-C ends it; what it holds stays.\n');
  }
  await aborted(stopRequest);
  say('\nStopping; Ctrl-C again ends it at once');
  await stack.stop();
  say('Stopped: nothing is left running');
  return 0;
}
