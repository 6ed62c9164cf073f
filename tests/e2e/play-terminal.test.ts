import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDevProcess, type DevProcess } from '../support/dev-process.ts';

const CLI = join(import.meta.dirname, '../../src/cli/main.ts');
let fleet: DevProcess;
let cwd: string;
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'ao-play-'));
  fleet = await startDevProcess();
});
afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
  rmSync(cwd, { recursive: true, force: true });
});

/** `ao play` as a process, with these lines on its input. */
async function play(lines: readonly string[], ...argv: string[]) {
  const { AO_REDIS__URL: _, REDIS_URL: __, ...env } = process.env;
  // A port of its own: a fleet that runs on the usual one is none of ours.
  const child = spawn(process.execPath, [CLI, 'play', ...argv], { cwd, env: { ...env, AO_PORT: '0' } });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk: Buffer) => (stderr += String(chunk)));
  child.stdin.end(`${lines.join('\n')}\n`);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

test('a script is played on a fleet of its own, which leaves nothing behind', async () => {
  const { code, stdout, stderr } = await play(['go south', '/path', 'talk to the wise elder', '/quit']);
  expect(stderr).toContain('A fleet of its own tells this story');
  expect(stdout).toMatch(/> go south\n[^]*village[^]*> talk to the wise elder\n[^]*elder[^]*NGA .*settled/);
  expect(stdout).not.toContain('\u001b');
  expect(code).toBe(0);
  expect(readdirSync(join(cwd, '.ao'))).toEqual([]);
});

test('a story is played at a fleet elsewhere, and goes on where it was left', async () => {
  const first = await play(['go south'], '--api-url', fleet.url, '--session', 'ann');
  expect(first).toMatchObject({ code: 0, stdout: expect.stringMatching(/village/) as unknown });
  const second = await play(['1'], '--api-url', fleet.url);
  // What was told last comes first, and its choices count.
  expect(second.stdout).toMatch(/— village center, \w+ —[^]* {2}1 {2}[^]*> 1\n/);
  expect(second.stderr).toContain('ao play --session ann goes on');
  const response = await fetch(`${fleet.url}/v1/sessions/ann/turns`);
  expect(((await response.json()) as { items: unknown[] }).items).toHaveLength(2);
});

test('nobody there is said in one line, with the exit code for it', async () => {
  const { code, stderr } = await play(['look'], '--api-url', 'http://127.0.0.1:9');
  expect(code).toBe(69);
  expect(stderr).toMatch(/^ao: /m);
});
