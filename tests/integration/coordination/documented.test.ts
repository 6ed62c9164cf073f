import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { acquireRedis } from '../../support/redis.ts';

const ROOT = join(import.meta.dirname, '../../..');

test.for([
  ['docs/coordination.md', "{ text: 'hello' }\n"],
  ['docs/capabilities.md', 'weaver:w1\n'],
] as const)('the first lines of %s do what they say', async ([page, answer]) => {
  await using server = await acquireRedis();
  const guide = readFileSync(join(ROOT, page), 'utf8');
  const code = /```ts\n(.*?)```/s.exec(guide)?.[1] ?? '';
  const folder = mkdtempSync(join(tmpdir(), 'ao-guide-'));
  try {
    const script = join(folder, 'guide.ts');
    const runnable = code
      .replaceAll('../src', pathToFileURL(join(ROOT, 'src')).href)
      .replace('redis://127.0.0.1:6379/0', server.url);
    writeFileSync(script, runnable);
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [script], { cwd: folder });
    expect({ stdout, stderr }).toEqual({ stdout: answer, stderr: '' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
