import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll } from 'vitest';
import { main, type MainDeps } from '../../../src/cli/main.ts';
import type { CliPorts, RedisFacts } from '../../../src/cli/ports.ts';
import type { FleetOperations } from '../../../src/contracts/operations.ts';
import type { MessageOperations } from '../../../src/coordination/messages/operations.ts';
import type { DeadLetter, QueueView } from '../../../src/contracts/operator.ts';
import type { RunEvent, RunEventType, RunView } from '../../../src/contracts/run.ts';
import type { OrchestrationResponse } from '../../../src/contracts/turn.ts';

export const RUN_ID = 'wf_01890000-0000-7000-8000-000000000001';

/** A stream that remembers what was written and may pretend to be a terminal. */
export class Sink extends EventEmitter {
  text = '';
  readonly isTTY: boolean;
  readonly columns: number;

  constructor(options: { isTTY?: boolean; columns?: number } = {}) {
    super();
    this.isTTY = options.isTTY ?? false;
    this.columns = options.columns ?? 80;
  }
  write(text: string): boolean {
    this.text += text;
    return true;
  }
  hasColors(): boolean {
    return true;
  }
}

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Fails unless stdout is exactly one JSON document on one line. */
  json(): unknown;
}

type FakedOperations = FleetOperations & MessageOperations;

export type RunSetup = Partial<Omit<MainDeps, 'ports' | 'stdin'>> & {
  readonly ports?: Partial<CliPorts>;
  readonly operations?: Partial<FakedOperations>;
  readonly input?: string;
  readonly isTTY?: boolean;
};

/** Runs `ao` on fakes. Every port and operation a test did not give refuses to be used. */
export async function ao(argv: readonly string[], setup: RunSetup = {}): Promise<RunResult> {
  const { ports, operations, input, isTTY = false, ...deps } = setup;
  const stdout = new Sink({ isTTY });
  const stderr = new Sink({ isTTY });
  let isOpen = true;
  const code = await main(argv, {
    stdout,
    stderr,
    stdin: Object.assign(Readable.from(input === undefined ? [] : [input]), { isTTY }),
    stateDir: tempDir(),
    env: {},
    ...deps,
    ports: fakePorts({
      openFleet: async () => ({
        operations: whileOpen(fakeOperations(operations ?? {}), () => isOpen),
        queues: ['ipa', 'wba', 'nga', 'flow', 'maintenance'],
        redisInfo: async () => REDIS_FACTS,
        close: async () => void (isOpen = false),
      }),
      openMessages: async () => ({
        operations: whileOpen(fakeOperations(operations ?? {}), () => isOpen),
        close: async () => void (isOpen = false),
      }),
      ...ports,
    }),
  });
  return {
    code,
    stdout: stdout.text,
    stderr: stderr.text,
    json() {
      const lines = stdout.text.split('\n');
      if (lines.length !== 2 || lines[1] !== '')
        throw new Error(`not one line: ${JSON.stringify(stdout.text)}`);
      return JSON.parse(lines[0]!) as unknown;
    },
  };
}

const tempDirs: string[] = [];

/** A fresh folder that goes away with the test file. */
export function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'ao-cli-'));
  tempDirs.push(dir);
  return dir;
}

afterAll(() => {
  for (const dir of tempDirs) rmSync(dir, { recursive: true, force: true });
});

export function fakePorts(given: Partial<CliPorts>): CliPorts {
  return refusing('port', given);
}

/** A fleet that was closed answers nothing, as a real one. */
function whileOpen(operations: FakedOperations, isOpen: () => boolean): FakedOperations {
  return new Proxy(operations, {
    get(target, name): unknown {
      if (!isOpen()) throw new Error(`use of ${String(name)} after the fleet was closed`);
      return Reflect.get(target, name);
    },
  });
}

export function fakeOperations(given: Partial<FakedOperations>): FakedOperations {
  return refusing('operation', given);
}

/** What is not given throws when called, so a test notices what it did not expect. */
function refusing<T extends object>(what: string, given: Partial<T>): T {
  const proxy = new Proxy(given, {
    get(target, name) {
      const own: unknown = Reflect.get(target, name);
      if (own !== undefined || typeof name === 'symbol' || name === 'then') return own;
      return () => {
        throw new Error(`unexpected use of ${what} ${name}`);
      };
    },
  });
  // Missing members answer with a function that throws, so every member exists.
  return proxy as T;
}

export const REDIS_FACTS: RedisFacts = {
  url: 'redis://127.0.0.1:6379/0',
  version: '7.2.4',
  maxmemoryPolicy: 'noeviction',
  appendOnly: true,
  latencyMs: 0.4,
  clockSkewMs: 3,
  usedMemoryBytes: 1_000_000,
  maxMemoryBytes: null,
};

export function event(n: number, type: RunEventType, extra: Partial<RunEvent> = {}): RunEvent {
  const at = new Date(1_700_000_000_000 + n * 100).toISOString();
  return { id: `${n}-0`, type, run_id: RUN_ID, at, ...extra };
}

export async function* stream(events: readonly RunEvent[]): AsyncGenerator<RunEvent> {
  yield* events;
}

export function runView(extra: Partial<RunView> = {}): RunView {
  return {
    run_id: RUN_ID,
    workflow: 'collaborative',
    version: 1,
    status: 'completed',
    degraded: false,
    generation: 0,
    priority: 'normal',
    progress: 100,
    correlation_id: 'c-1',
    created_at: '2023-11-14T22:13:20.000Z',
    started_at: '2023-11-14T22:13:20.000Z',
    ended_at: '2023-11-14T22:13:21.000Z',
    deadline_at: null,
    completed_steps: [],
    skipped_steps: [],
    steps: [],
    error: null,
    output: { told: 'yes' },
    metadata: {},
    ...extra,
  };
}

export function response(
  story: string,
  extra: Partial<OrchestrationResponse['workflow_metadata']> = {},
): OrchestrationResponse {
  return {
    response_text: story,
    updated_context: {
      session_id: 's1',
      turn: 1,
      memory: null,
      world_state: null,
      metadata: {},
      last_agent: 'narrative_generator',
    },
    workflow_metadata: {
      run_id: RUN_ID,
      workflow_name: 'collaborative',
      version: 1,
      status: 'completed',
      steps_executed: 3,
      steps: [],
      intent: 'move',
      degraded: false,
      degraded_reasons: [],
      ...extra,
    },
    performance_metrics: { total_ms: 42, queue_ms: 4, by_agent: {}, sla_ms: 2000, sla_met: true },
    therapeutic_validation: { level: 'not_validated', findings: [] },
    next_actions: [
      { text: 'go north', intent: 'move' },
      { text: 'look around', intent: 'look' },
    ],
  };
}

export function queueView(name: string, extra: Partial<QueueView> = {}): QueueView {
  return {
    name,
    agent_type: null,
    paused: false,
    counts: {
      waiting: 1,
      prioritized: 2,
      active: 0,
      delayed: 0,
      'waiting-children': 0,
      completed: 7,
      failed: 0,
    },
    oldest_waiting_s: null,
    rate: { completed_per_min: 1, failed_per_min: 0 },
    workers: 1,
    dlq: 0,
    ...extra,
  };
}

export function deadLetter(n: number, extra: Partial<DeadLetter> = {}): DeadLetter {
  return {
    dlq_id: `nga~job-${n}`,
    queue: 'nga',
    job_id: `job-${n}`,
    workflow_id: RUN_ID,
    reason: 'attempts_exhausted',
    error: 'demo_fault: the agent fails on purpose',
    attempts: 3,
    first_failed_at: '2023-11-14T22:13:20.000Z',
    dead_at: new Date(1_700_000_000_000 - n * 1000).toISOString(),
    replays: 0,
    ...extra,
  };
}
