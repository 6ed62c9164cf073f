import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { testPrefix } from './redis.ts';

const ROOT = join(import.meta.dirname, '../..');

export interface DevProcess extends AsyncDisposable {
  readonly url: string;
  readonly redisUrl: string;
  /** A key prefix of its own, for the case that REDIS_URL names a Redis that others use too. */
  readonly prefix: string;
}

export interface DevProcessOptions {
  /** Default: `ao dev` from source. It runs in `cwd` and must print the ready document of `--json`. */
  readonly command?: readonly [string, ...string[]];
  /** Where it runs and keeps its data; default a scratch folder. */
  readonly cwd?: string;
  /** Default: any free port. */
  readonly port?: number;
  /** That of a fleet that is to come back; default one of its own. */
  readonly prefix?: string;
}

/** A whole fleet as a process of its own, with a Redis of its own; ready when it is returned. */
export async function startDevProcess(options: DevProcessOptions = {}): Promise<DevProcess> {
  const prefix = options.prefix ?? testPrefix();
  const scratch = mkdtempSync(join(tmpdir(), 'ao-dev-'));
  const [program, ...args] = options.command ?? [
    process.execPath,
    join(ROOT, 'src/cli/main.ts'),
    'dev',
    '--json',
  ];
  const child = spawn(program, args, {
    cwd: options.cwd ?? scratch,
    env: { ...process.env, AO_PORT: String(options.port ?? 0), AO_REDIS__KEY_PREFIX: prefix },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += String(chunk)));
  const ready = Promise.withResolvers<{ url: string; redis_url: string }>();
  // Logs and the tool's own words may come on the same stream: the ready document is the one with an address.
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    said += `${line}\n`;
    const document = parse(line);
    if (document !== null && 'url' in document) ready.resolve(document as { url: string; redis_url: string });
  });
  exited.then(() => ready.reject(new Error(`the fleet ended before it was ready:\n${said}`)), ready.reject);
  const { url, redis_url: redisUrl } = await ready.promise;
  return {
    url,
    redisUrl,
    prefix,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await exited;
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

function parse(line: string): object | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
