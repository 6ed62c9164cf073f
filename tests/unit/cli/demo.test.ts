import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../../config/schema.ts';
import { STORY, playerLine } from '../../../src/cli/demo/script.ts';
import type { CliPorts, DevFleet, DevFleetOptions } from '../../../src/cli/ports.ts';
import type { RunEvent } from '../../../src/contracts/run.ts';
import type { FleetOperations } from '../../../src/contracts/operations.ts';
import type { TurnRecord } from '../../../src/contracts/session.ts';
import {
  ao,
  deadLetter,
  event,
  fakeOperations,
  queueView,
  response,
  RUN_ID,
  runView,
  stream,
  tempDir,
} from './fakes.ts';

const STEPS = [
  {
    name: 'understand',
    agent: 'ipa',
    status: 'completed',
    attempts: 1,
    queued_ms: 3.4,
    duration_ms: 5.6,
    source: 'local',
  },
  {
    name: 'story',
    agent: 'narrative_generator',
    status: 'completed',
    attempts: 4,
    queued_ms: 2,
    duration_ms: 9,
    source: 'local',
  },
] as const;

/** A fleet that tells "told: <line>", and whose first turn fails until the fault of `nga` is cleared. */
function fakeFleet() {
  const log: string[] = [];
  const turns: TurnRecord[] = [];
  let isFaulty = false;
  let isReplayed = false;
  const failing: RunEvent[] = [
    event(0, 'run.accepted'),
    event(1, 'step.started', { step: 'story', agent: 'nga' }),
    event(2, 'step.retrying', {
      step: 'story',
      agent: 'nga',
      data: { attempt: 1, delay_ms: 510, error_code: 'demo_fault' },
    }),
    event(8, 'step.retrying', {
      step: 'story',
      agent: 'nga',
      data: { attempt: 2, delay_ms: 1020, error_code: 'demo_fault' },
    }),
    event(20, 'step.failed', { step: 'story', agent: 'nga' }),
    event(21, 'run.failed'),
  ];
  const resumed = [event(30, 'step.started', { step: 'story', agent: 'nga' }), event(31, 'run.completed')];
  const record = (text: string) => {
    const number = turns.length + 1;
    turns.unshift({
      turn: number,
      run_id: RUN_ID,
      text,
      intent: 'move',
      response_text: `told: ${text}`,
      themes: [],
      template_ids: [],
      at: '2023-11-14T22:13:20.000Z',
    });
  };
  let pending = '';
  const operations: Partial<FleetOperations> = {
    createSession: async () => ({
      created: true,
      session: {
        session_id: 's_demo',
        world_id: 'w_demo',
        created_at: '2023-11-14T22:13:20.000Z',
        last_activity_at: '2023-11-14T22:13:20.000Z',
        turn: 0,
        ttl_seconds: 60,
        active_run_id: null,
        pending_turns: 0,
        emotional_state: null,
        therapeutic_context: { goals: [], avoid: [], progress: [] },
        difficulty: 'normal' as const,
        flags: {},
        memory: null,
        metadata: {},
      },
    }),
    submitTurn: async (_session, { text }) => {
      log.push(`turn ${text}`);
      if (isFaulty) {
        pending = text;
        return {
          done: false,
          accepted: { run_id: RUN_ID, status: 'pending', progress: 0, location: '/x', queued_behind: 0 },
        };
      }
      record(text);
      return { done: true, response: response(`told: ${text}`) };
    },
    runEvents: (_id, { after }) => {
      return stream(after === undefined ? failing : resumed);
    },
    getRun: async () =>
      runView({
        status: log.includes('turn-failed') && !isReplayed ? 'failed' : 'completed',
        steps: [...STEPS],
      }),
    listQueues: async () => [queueView('ipa'), queueView('nga', { agent_type: 'narrative_generator' })],
    listDeadLetters: async () => [deadLetter(0, { queue: 'flow', dlq_id: 'flow~x' }), deadLetter(1)],
    replayDeadLetter: async (id) => {
      log.push(`replay ${id}`);
      if (isFaulty) throw new Error('replayed before the fault was cleared');
      isReplayed = true;
      record(pending);
      return { job_id: 'again' };
    },
    listTurns: async () => ({ items: turns, nextBefore: null }),
  };
  const started: { config?: Config; options?: DevFleetOptions } = {};
  const ports: Partial<CliPorts> = {
    startRedis: async ({ dataDir, persistent }) => {
      log.push(`redis ${dataDir} ${persistent ? 'lasting' : 'temporary'}`);
      return {
        url: 'redis://127.0.0.1:7777/0',
        port: 7777,
        pid: 1,
        stop: async () => void log.push('redis stopped'),
      };
    },
    startDevFleet: async (config, options): Promise<DevFleet> => {
      started.config = config;
      started.options = options;
      isFaulty = options.faults?.nga !== undefined;
      if (isFaulty) log.push('turn-failed');
      return {
        operations: fakeOperations(operations),
        url: 'http://127.0.0.1:1111',
        boardUrl: 'http://127.0.0.1:1111/board',
        metricsUrl: 'http://127.0.0.1:2222/metrics',
        clearFault: (agent) => {
          log.push(`clear ${agent}`);
          isFaulty = false;
        },
        stop: async () => void log.push('fleet stopped'),
      };
    },
  };
  return { log, operations, ports, started };
}

describe('ao demo', () => {
  it('plays the script, and every story it prints comes from the fleet', async () => {
    const { ports, log } = fakeFleet();
    const stateDir = tempDir();
    const result = await ao(['demo'], { ports, stateDir });
    expect(result.code).toBe(0);
    expect(log.filter((line) => line.startsWith('turn '))).toEqual(STORY.map((line) => `turn ${line}`));
    for (const line of STORY) expect(result.stdout).toContain(`told: ${line}`);
  });

  it('shows the way of one turn through the queues, the queues, and the addresses', async () => {
    const { ports } = fakeFleet();
    const { stdout } = await ao(['demo', '--turns', '1'], { ports });
    expect(stdout).toMatch(/^step +queue +started ms +wait ms +work ms +attempts +source +status$/m);
    expect(stdout).toMatch(/^understand +ipa +- +3 +6 +1 +local +completed$/m);
    expect(stdout).toMatch(/^story +nga +\+3000 +2 +9 +4 +local +completed$/m);
    expect(stdout).toMatch(/^nga +3 +0/m);
    for (const url of ['http://127.0.0.1:1111', '/board', 'http://127.0.0.1:2222/metrics']) {
      expect(stdout).toContain(url);
    }
  });

  it('runs on a Redis and ports of its own, whatever is configured, and removes everything', async () => {
    const { ports, log, started } = fakeFleet();
    const stateDir = tempDir();
    await ao(['demo', '--turns', '1'], { ports, stateDir, env: { AO_REDIS__URL: 'redis://precious:1/0' } });
    expect(started.config).toMatchObject({
      port: 0,
      metrics: { port: 0 },
      redis: { url: 'redis://127.0.0.1:7777/0' },
    });
    expect(log[0]).toBe(`redis ${join(stateDir, `demo-${process.pid}`, 'redis')} temporary`);
    expect(log.slice(-2)).toEqual(['fleet stopped', 'redis stopped']);
    expect(readdirSync(stateDir)).toEqual([]);
  });

  it('a Redis named on the command line is used with keys of its own', async () => {
    const { ports, log, started } = fakeFleet();
    await ao(['demo', '--turns', '1', '--redis-url', 'redis://named:1/0'], { ports });
    expect(started.config!.redis).toMatchObject({
      url: 'redis://named:1/0',
      key_prefix: `demo-${process.pid}`,
    });
    expect(log.some((line) => line.startsWith('redis'))).toBe(false);
  });

  it('goes on with what the fleet suggests when the script is over', async () => {
    const { ports, log } = fakeFleet();
    await ao(['demo', '--turns', '8'], { ports });
    const lines = log.filter((line) => line.startsWith('turn ')).slice(STORY.length);
    expect(lines).toEqual(['turn go north', 'turn look around']);
    expect(playerLine(100, [])).toBe(STORY[100 % STORY.length]);
  });

  it('with --json it is one document and the story goes to stderr', async () => {
    const { ports } = fakeFleet();
    const result = await ao(['demo', '--turns', '2', '--json'], { ports });
    expect(result.json()).toMatchObject({
      session_id: 's_demo',
      failure: null,
      turns: [{ response_text: `told: ${STORY[0]}` }, { response_text: `told: ${STORY[1]}` }],
    });
    expect(result.stderr).toContain('told: ');
  });

  it.each([
    ['running', 5, 'has not ended within 30 s'],
    ['failed', 1, 'ended as failed: boom: it broke'],
  ] as const)('a turn without a story whose run is %s ends with %d', async (status, code, message) => {
    const { ports, operations } = fakeFleet();
    operations.submitTurn = async () => ({
      done: false,
      accepted: { run_id: RUN_ID, status, progress: 0, location: '/x', queued_behind: 0 },
    });
    operations.getRun = async () => runView({ status, error: { code: 'boom', message: 'it broke' } });
    const result = await ao(['demo'], { ports });
    expect(result.code).toBe(code);
    expect(result.stderr).toContain(message);
  });

  it('stops the fleet and its Redis when a turn breaks', async () => {
    const { ports, log, operations } = fakeFleet();
    operations.submitTurn = () => Promise.reject(new Error('broken'));
    const stateDir = tempDir();
    const result = await ao(['demo'], { ports, stateDir });
    expect(result.code).toBe(1);
    expect(log.slice(-2)).toEqual(['fleet stopped', 'redis stopped']);
    expect(readdirSync(stateDir)).toEqual([]);
  });
});

describe('ao demo --fail', () => {
  it('shows the retries with their delays, the dead letter, the replay and the finished turn, in this order', async () => {
    const { ports, log, started } = fakeFleet();
    const { code, stdout } = await ao(['demo', '--fail', 'nga', '--turns', '2'], { ports });
    expect(code).toBe(0);
    expect(started.options!.faults).toMatchObject({ nga: { code: 'demo_fault', times: 'until_cleared' } });
    const landmarks = [
      'attempt 1 failed, next in 510 ms, demo_fault',
      'attempt 2 failed, next in 1020 ms, demo_fault',
      'run.failed',
      'nga~job-1',
      'ao dlq replay nga~job-1',
      'run.completed',
      `told: ${STORY[0]}`,
      `told: ${STORY[1]}`,
    ].map((text) => stdout.indexOf(text));
    expect(landmarks).not.toContain(-1);
    expect(landmarks).toEqual([...landmarks].sort((a, b) => a - b));
    expect(log.slice(1, -2)).toEqual([
      'turn-failed',
      `turn ${STORY[0]}`,
      'clear nga',
      'replay nga~job-1',
      `turn ${STORY[1]}`,
    ]);
  });

  it('the failure is part of the JSON document', async () => {
    const { ports } = fakeFleet();
    const result = await ao(['demo', '--fail', 'nga', '--turns', '1', '--json'], { ports });
    expect(result.json()).toMatchObject({ failure: { retries: 2, dlq_id: 'nga~job-1', run_id: RUN_ID } });
  });

  it('a fleet that does not fail as it should fails the demo', async () => {
    const { ports, operations } = fakeFleet();
    operations.getRun = async () => runView({ status: 'completed' });
    const result = await ao(['demo', '--fail', 'nga'], { ports });
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('should be failed now, but is completed');
  });

  it('a failure that leaves no dead letter fails the demo', async () => {
    const { ports, operations } = fakeFleet();
    operations.listDeadLetters = async () => [];
    const result = await ao(['demo', '--fail', 'nga'], { ports });
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('without leaving a dead letter');
  });
});
