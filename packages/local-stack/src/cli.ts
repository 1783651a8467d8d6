import { StopRequestedError } from './stop-signals.ts';

/** Each command is a module of its own, read only when it is asked for. */
const commands: Record<string, () => Promise<{ run(): Promise<number> }>> = {
  start: () => import('./start.ts'),
  demo: () => import('./demo/main.ts'),
};

async function main(name: string): Promise<number> {
  const load = commands[name];
  if (load === undefined) {
    process.stderr.write(`There is no command ${name}, only: ${Object.keys(commands).join(', ')}\n`);
    return 2;
  }
  const command = await load();
  try {
    return await command.run();
  } catch (error) {
    if (error instanceof StopRequestedError) return 130;
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

process.exit(await main(process.argv[2] ?? 'start'));
