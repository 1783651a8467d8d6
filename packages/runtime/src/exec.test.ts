import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn, spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { exec, ExecError, ExecTimeoutError } from './exec.ts';

/** A zombie that nobody reaped is dead. */
const isAlive = (pid: number) => {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.startsWith('Z');
};

/** A shell that starts a grandchild, says its pid and waits for it. */
const withGrandchild = 'sleep 600 & echo $!; wait';

describe('exec', () => {
  it('returns what the program said', async () => {
    const { stdout, stderr } = await exec('sh', ['-c', 'echo out; echo err >&2']);
    expect([stdout.toString(), stderr]).toEqual(['out\n', 'err\n']);
  });

  it('passes arguments as they are and no environment but its own', async () => {
    process.env['SECRET_OF_THIS_TEST'] = 'x';
    const { stdout } = await exec('sh', [
      '-c',
      'printf "%s|%s" "$1" "$SECRET_OF_THIS_TEST"',
      'sh',
      '$(id) "; rm',
    ]);
    expect(stdout.toString()).toBe('$(id) "; rm|');
  });

  it('rejects with the code and the end of stderr, and for a program that is not there', async () => {
    const error: unknown = await exec('sh', ['-c', 'echo why >&2; exit 3']).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ExecError);
    expect(error).toMatchObject({ exitCode: 3, stderr: 'why\n' });
    await expect(exec('/no/such/program', [])).rejects.toMatchObject({ message: expect.any(String) });
  });

  it('kills the whole group when the signal aborts, and rejects with its reason', async () => {
    const abort = new AbortController();
    let grandchild = 0;
    const running = exec('sh', ['-c', withGrandchild], {
      signal: abort.signal,
      onStdout: async (stdout) => {
        for await (const chunk of stdout) {
          grandchild = Number(String(chunk));
          abort.abort(new Error('enough'));
        }
      },
    });
    await expect(running).rejects.toThrow('enough');
    expect(grandchild).toBeGreaterThan(0);
    expect(isAlive(grandchild)).toBe(false);
  });

  it('ends a program that takes too long, even one that ignores SIGTERM', async () => {
    const stubborn = exec('sh', ['-c', 'trap "" TERM; while :; do sleep 0.05; done'], { timeoutMs: 100 });
    await expect(stubborn).rejects.toBeInstanceOf(ExecTimeoutError);
  });

  it('hands on stderr line by line, also lines ended by a carriage return', async () => {
    const lines: string[] = [];
    await exec('sh', ['-c', 'printf "a\\rb\\nc\\n" >&2'], { onStderrLine: (line) => lines.push(line) });
    expect(lines).toEqual(['a', 'b', 'c']);
  });

  it('stops a program that says more than may be kept', async () => {
    await expect(exec('sh', ['-c', 'yes'], { maxStdoutBytes: 10_000 })).rejects.toThrow('said too much');
  });

  it('bounds the files it writes', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'exec-'));
    const write = exec('dd', ['if=/dev/zero', `of=${join(dir, 'big')}`, 'bs=1k', 'count=100'], {
      limits: { fileBytes: 10_240 },
    });
    await expect(write).rejects.toBeInstanceOf(ExecError);
    expect((await readFile(join(dir, 'big'))).length).toBeLessThanOrEqual(10_240);
    await rm(dir, { recursive: true });
  });

  it('lets no child outlive a process that is killed', async () => {
    const script = `
      import { exec } from '${new URL('../dist/exec.js', import.meta.url).href}';
      await exec('sh', ['-c', 'echo $$ >&2; exec sleep 600'], { onStderrLine: (line) => console.log(line) });`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = (await once(parent.stdout, 'data')) as [Buffer];
    const child = Number(said.toString());
    expect(isAlive(child)).toBe(true);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    while (isAlive(child)) await new Promise((resolve) => setImmediate(resolve));
  });
});
