import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { QUICK_SETTINGS } from '../../src/testing/settings.ts';
import type { Harness } from './harness.ts';

const ROOT = join(import.meta.dirname, '../..');
const CLI = join(ROOT, 'src/cli/main.ts');
/** The same command line, with agents that can be told to hang or to kill their process. */
const ODD_WORKER = join(ROOT, 'tests/support/odd-worker.ts');
/** The same command line, with plans that kill their process. */
const DEADLY_WORKER = join(ROOT, 'tests/support/deadly-worker.ts');
/** The same command line, with a plan that tells a story piece by piece. */
const STORY_WORKER = join(ROOT, 'tests/support/story-worker.ts');
/** The same command line, with a narrator who asks a model. */
const ASKING_WORKER = join(ROOT, 'tests/support/asking-worker.ts');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One `ao` process. */
export interface FleetProcess {
  readonly pid: number;
  /** The document it printed when it was ready. */
  readonly ready: Readonly<Record<string, unknown>>;
  readonly ended: Promise<Ended>;
  stderr(): string;
  /** Sends the signal; `ended` tells when it is over. */
  signal(name: NodeJS.Signals): void;
}

export interface Processes extends AsyncDisposable {
  /** Starts `ao <argv>` and waits until it is ready. */
  start(...argv: string[]): Promise<FleetProcess>;
  /** Starts `ao <argv>` with odd agents: see odd-worker.ts. */
  startOdd(...argv: string[]): Promise<FleetProcess>;
  /** Starts `ao <argv>` with plans that kill their process: see deadly-plans.ts. */
  startDeadly(folder: string, ...argv: string[]): Promise<FleetProcess>;
  /** Starts `ao <argv>` with a story that is told to its end, or hangs in its middle: see story-worker.ts. */
  startStory(hangs: boolean, ...argv: string[]): Promise<FleetProcess>;
  /** Starts `ao <argv>` with a narrator who asks a model, if the settings name one: see asking-worker.ts. */
  startAsking(...argv: string[]): Promise<FleetProcess>;
}

/** Processes of the fleet the harness looks at: same Redis, same prefix. None outlives the test. */
export function fleetProcesses(
  h: Harness,
  settings: Readonly<Record<string, string>> = {},
  variables: Readonly<Record<string, string>> = {},
): Processes {
  const cwd = mkdtempSync(join(tmpdir(), 'ao-fleet-'));
  const env = {
    PATH: process.env['PATH'] ?? '',
    ...variables,
    ...asVariables({
      ...QUICK_SETTINGS,
      // What these processes are tried for is not what they judge; crisis.test.ts starts its own.
      'safety.enabled': 'false',
      ...settings,
      'redis.url': h.core.redisUrl,
      'redis.key_prefix': h.config.redis.key_prefix,
      'metrics.port': '0',
      port: '0',
    }),
  };
  const children: ChildProcess[] = [];
  const launch = async (
    script: string,
    argv: readonly string[],
    more: Readonly<Record<string, string>> = {},
  ): Promise<FleetProcess> => {
    const child = spawn(process.execPath, [script, '--json', ...argv], {
      cwd,
      env: { ...env, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr += String(chunk)));
    const ended: Promise<Ended> = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
    const lines = createInterface({ input: child.stdout });
    const document = await Promise.race([firstDocument(lines), ended]);
    if (typeof document !== 'string') {
      throw new Error(
        `ao ${argv.join(' ')} ended before it was ready: ${JSON.stringify(document)}\n${stderr}`,
      );
    }
    const ready = JSON.parse(document) as Record<string, unknown>;
    if ('error' in ready) throw new Error(`ao ${argv.join(' ')} refused to start: ${document}`);
    return {
      pid: child.pid!,
      ready,
      ended,
      stderr: () => stderr,
      signal: (name) => void child.kill(name),
    };
  };
  return {
    start: (...argv) => launch(CLI, argv),
    startOdd: (...argv) => launch(ODD_WORKER, argv),
    startDeadly: (folder, ...argv) => launch(DEADLY_WORKER, argv, { DEADLY: folder }),
    startStory: (hangs, ...argv) => launch(STORY_WORKER, argv, { HANGS: hangs ? '1' : '' }),
    startAsking: (...argv) => launch(ASKING_WORKER, argv),
    async [Symbol.asyncDispose]() {
      await Promise.all(
        children.map(async (child) => {
          if (child.exitCode !== null || child.signalCode !== null) return;
          const gone = once(child, 'exit');
          child.kill('SIGKILL');
          await gone;
        }),
      );
      rmSync(cwd, { recursive: true, force: true });
    },
  };
}

/** `--json` prints one document, possibly over several lines. */
async function firstDocument(lines: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const line of lines) {
    text += `${line}\n`;
    try {
      JSON.parse(text);
      return text;
    } catch {
      // Not whole yet.
    }
  }
  // The process has closed its output; the caller waits for its end, too.
  return new Promise(() => undefined);
}

/** `queues.lock_duration` is AO_QUEUES__LOCK_DURATION. */
function asVariables(settings: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).map(([path, value]) => [
      `AO_${path.replaceAll('.', '__').toUpperCase()}`,
      value,
    ]),
  );
}
