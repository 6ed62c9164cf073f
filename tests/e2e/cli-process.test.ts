import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const WORKERS = fileURLToPath(new URL('../../workers/', import.meta.url));
/** Nothing listens there: port 1 needs privileges and is used by nobody. */
const NO_REDIS = 'redis://127.0.0.1:1/0';

function start(script: string, argv: readonly string[]) {
  return spawn(process.execPath, [script, ...argv], { cwd: tempDir() });
}

async function ended(child: ReturnType<typeof start>) {
  const exit = once(child, 'exit') as Promise<[number | null, string | null]>;
  const [[code, signal], stdout, stderr] = await Promise.all([exit, text(child.stdout), text(child.stderr)]);
  return { code, signal, stdout, stderr };
}

const tempDirs: string[] = [];

function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'ao-e2e-'));
  tempDirs.push(dir);
  return dir;
}

afterAll(() => {
  for (const dir of tempDirs) rmSync(dir, { recursive: true, force: true });
});

describe('the process ao', () => {
  it.each([
    [['queues', '--redis-url', NO_REDIS], 69],
    [['queues', '--api-url', 'http://127.0.0.1:1'], 69],
    [['config', 'explain', 'no.such.key'], 3],
    [['qwertz'], 2],
    [['version'], 0],
  ])('%j ends with %d', async (argv, code) => {
    expect(await ended(start(MAIN, argv))).toMatchObject({ code });
  });

  it('a wrong setting ends with 78 and names it', async () => {
    const result = await ended(start(MAIN, ['config', 'check', '--prefix', 'Not A Prefix']));
    expect(result.code).toBe(78);
    expect(result.stderr).toContain('redis.key_prefix');
  });

  it('a reader that leaves early is not an error', async () => {
    const child = start(MAIN, ['config', 'show']);
    child.stdout.destroy();
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(0);
  });

  it.each(['api', 'ipa', 'wba', 'nga', 'flow', 'all'])(
    'workers/%s.ts is the role, so it takes its options and reports a Redis that is away',
    async (role) => {
      const result = await ended(start(join(WORKERS, `${role}.ts`), ['--redis-url', NO_REDIS]));
      expect(result.code).toBe(69);
      expect(result.stderr).toMatch(/^ao: /m);
    },
  );
});
