import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { acquireRedis } from '../../support/redis.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** Runs the first lines of code under a heading; returns what they print. */
async function run(heading: string, url: string): Promise<{ stdout: string; stderr: string }> {
  const guide = readFileSync(join(ROOT, 'docs/coordination.md'), 'utf8');
  const code = /```ts\n(.*?)```/s.exec(guide.slice(guide.indexOf(heading)))?.[1] ?? '';
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

test.for([
  ['# Agents and their messages', "{ text: 'hello' }\n"],
  ['## When an agent fails', 'hello Ann\n'],
] as const)(
  'the first lines of docs/coordination.md under "%s" do what they say',
  async ([heading, stdout]) => {
    await using server = await acquireRedis();
    expect(await run(heading, server.url)).toEqual({ stdout, stderr: '' });
  },
);
