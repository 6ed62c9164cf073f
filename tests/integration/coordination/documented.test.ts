import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { acquireRedis } from '../../support/redis.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** What the code of a part of the guide prints. */
async function printed(url: string, part: number): Promise<{ stdout: string; stderr: string }> {
  const guide = readFileSync(join(ROOT, 'docs/coordination.md'), 'utf8');
  const code = [...guide.matchAll(/```ts\n(.*?)```/gs)][part]?.[1] ?? '';
  const folder = mkdtempSync(join(tmpdir(), 'ao-guide-'));
  try {
    const script = join(folder, 'guide.ts');
    const runnable = code
      .replaceAll('../src', pathToFileURL(join(ROOT, 'src')).href)
      .replace('redis://127.0.0.1:6379/0', url);
    writeFileSync(script, runnable);
    return await promisify(execFile)(process.execPath, [script], { cwd: folder });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('the code of docs/coordination.md does what it says', async () => {
  await using server = await acquireRedis();
  const [messages, agents] = await Promise.all([printed(server.url, 0), printed(server.url, 1)]);
  expect(messages).toEqual({ stdout: "{ text: 'hello' }\n", stderr: '' });
  expect(agents).toEqual({ stdout: "[ [ 'greeter:g1', 1 ] ]\n", stderr: '' });
});

test('so does that about routing, in a fleet of its own', async () => {
  await using server = await acquireRedis();
  const { stdout, stderr } = await printed(server.url, 2);
  expect(stdout).toMatch(/^g1 \[\s+\{\s+instance: 'g1',/);
  expect(stdout).toMatch(/\n\{ type: 'greeter', instance: 'g1' \}\n$/);
  expect(stderr).toBe('');
});
