import { exec } from '@mediaworks/runtime';

const TIMEOUT_MS = 300_000;

/** Runs apt-get, asking nothing. */
export async function apt(args: string[], cwd?: string): Promise<void> {
  await exec('apt-get', ['-q', ...args], {
    timeoutMs: TIMEOUT_MS,
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}

/** Installs packages, as root. The usual reason why it fails at first is that the lists of packages are old. */
export async function aptInstall(...packages: string[]): Promise<void> {
  const install = () => apt(['install', '-y', '--no-install-recommends', ...packages]);
  await install().catch(async () => {
    await apt(['update']);
    await install();
  });
}
