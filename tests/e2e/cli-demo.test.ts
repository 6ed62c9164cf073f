import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Runs `ao` as a process in a folder of its own, with nothing configured. */
function start(argv: readonly string[], own: Record<string, string> = {}, folder?: string) {
  const cwd = folder ?? tempDir();
  const { AO_REDIS__URL: _, REDIS_URL: __, AO_CONFIG: ___, ...env } = process.env;
  const child = spawn(process.execPath, [MAIN, ...argv], { cwd, env: { ...env, ...own } });
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  return { cwd, child, ended };
}

async function ao(argv: readonly string[]) {
  const { cwd, child, ended } = start(argv);
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr, cwd };
}

interface Told {
  turns: { text: string; response_text: string; run_id: string }[];
  failure: { retries: number; dlq_id: string; run_id: string } | null;
  queues: { name: string; counts: { completed: number } }[];
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

describe('ao demo', () => {
  it('tells six turns on a fleet of its own and leaves nothing behind', async () => {
    const { code, stdout, stderr, cwd } = await ao(['demo', '--json']);
    expect(stderr).toContain('The way of turn 1');
    expect(code).toBe(0);
    const told = JSON.parse(stdout) as Told;
    expect(told.turns).toHaveLength(6);
    for (const turn of told.turns) expect(turn.response_text.length).toBeGreaterThan(40);
    expect(new Set(told.turns.map((turn) => turn.response_text)).size).toBe(6);
    expect(told.queues.find(({ name }) => name === 'nga')!.counts.completed).toBeGreaterThan(0);
    if (existsSync(join(cwd, '.ao'))) expect(readdirSync(join(cwd, '.ao'))).toEqual([]);
  });

  it.each(['ipa', 'wba', 'nga'])(
    '--fail %s: retries, dead letter, replay, and the same run finishes',
    async (agent) => {
      const { code, stdout, stderr } = await ao(['demo', '--fail', agent, '--turns', '2', '--json']);
      expect(stderr).toContain('step.retrying');
      expect(code).toBe(0);
      const told = JSON.parse(stdout) as Told;
      expect(told.failure!.retries).toBeGreaterThan(0);
      expect(told.failure!.dlq_id).toContain(told.failure!.run_id);
      expect(told.turns[0]!.run_id).toBe(told.failure!.run_id);
      expect(told.turns).toHaveLength(2);
    },
  );
});

describe('ao dev', () => {
  it('serves until SIGTERM, is found by other commands, and drains', async () => {
    const port = { AO_PORT: String(await freePort()) };
    const { cwd, child, ended } = start(['dev', '--json'], port);
    const log = text(child.stderr);
    try {
      const ready = JSON.parse(await firstLine(child.stdout)) as { url: string };
      expect((await fetch(`${ready.url}/livez`)).status).toBe(200);

      const turn = start(['turn', 'me', 'look around', '--create', '--json'], port, cwd);
      const [code, stdout] = await Promise.all([turn.ended, text(turn.child.stdout)]);
      expect(code).toBe(0);
      expect((JSON.parse(stdout) as { response_text: string }).response_text.length).toBeGreaterThan(40);

      const remote = start(['queues', '--json', '--api-url', ready.url]);
      const queues = JSON.parse(await text(remote.child.stdout)) as { name: string }[];
      expect(queues.map(({ name }) => name)).toContain('nga');
    } finally {
      child.kill('SIGTERM');
    }
    expect(await ended, await log).toBe(0);
    expect(existsSync(join(cwd, '.ao', `dev-${port.AO_PORT}`, 'fleet.json'))).toBe(false);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Listening on TCP, so the address is not a pipe name.
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

async function firstLine(stream: AsyncIterable<Uint8Array | string>): Promise<string> {
  let line = '';
  for await (const chunk of stream) {
    line += String(chunk);
    if (line.includes('\n')) return line.slice(0, line.indexOf('\n'));
  }
  throw new Error(`the process ended after: ${line}`);
}
