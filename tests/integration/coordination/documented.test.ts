import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { acquireRedis } from '../../support/redis.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** Runs the block of docs/coordination.md that holds these words. */
async function run(words: string): Promise<{ stdout: string; stderr: string }> {
  await using server = await acquireRedis();
  const guide = readFileSync(join(ROOT, 'docs/coordination.md'), 'utf8');
  const blocks = [...guide.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code);
  const code = blocks.find((each) => each.includes(words)) ?? '';
  const folder = mkdtempSync(join(tmpdir(), 'ao-guide-'));
  try {
    const script = join(folder, 'guide.ts');
    const runnable = code
      .replaceAll('../src', pathToFileURL(join(ROOT, 'src')).href)
      .replace('redis://127.0.0.1:6379/0', server.url);
    writeFileSync(script, runnable);
    return await promisify(execFile)(process.execPath, [script], { cwd: folder });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('the first lines of docs/coordination.md do what they say', async () => {
  const { stdout, stderr } = await run('coordinator.receive(');
  expect({ stdout, stderr }).toEqual({ stdout: "{ text: 'hello' }\n", stderr: '' });
});

test('so do those about routing', async () => {
  const { stdout, stderr } = await run('new Router(');
  expect(stdout).toMatch(/^g1 \[\s+\{\s+instance: 'g1',/);
  expect(stdout).toMatch(/\n\{ type: 'greeter', instance: 'g1' \}\n$/);
  expect(stderr).toBe('');
});
