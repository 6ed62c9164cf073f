import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { acquireRedis } from '../../support/redis.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** What the block of code with these words prints. */
async function printed(page: string, words: string): Promise<{ stdout: string; stderr: string }> {
  await using server = await acquireRedis();
  const guide = readFileSync(join(ROOT, page), 'utf8');
  const blocks = [...guide.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code);
  const folder = mkdtempSync(join(tmpdir(), 'ao-guide-'));
  try {
    const script = join(folder, 'guide.ts');
    const runnable = (blocks.find((block) => block.includes(words)) ?? '')
      .replaceAll('../src', pathToFileURL(join(ROOT, 'src')).href)
      .replace('redis://127.0.0.1:6379/0', server.url);
    writeFileSync(script, runnable);
    return await promisify(execFile)(process.execPath, [script], { cwd: folder });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test.for([
  ['docs/coordination.md', 'coordinator.receive(', "{ text: 'hello' }\n"],
  ['docs/coordination.md', 'registry.register(', "[ [ 'greeter:g1', 1 ] ]\n"],
  ['docs/coordination.md', 'new Supervisor(', 'hello Ann\n'],
  ['docs/capabilities.md', 'import ', 'weaver:w1\n'],
] as const)('the code of %s with "%s" does what it says', async ([page, words, stdout]) => {
  expect(await printed(page, words)).toEqual({ stdout, stderr: '' });
});

test('so does that about routing, in a fleet of its own', async () => {
  const { stdout, stderr } = await printed('docs/coordination.md', 'new Router(');
  expect(stdout).toMatch(/^g1 \[\s+\{\s+instance: 'g1',/);
  expect(stdout).toMatch(/\n\{ type: 'greeter', instance: 'g1' \}\n$/);
  expect(stderr).toBe('');
});
