import type { FleetStatus } from '../../../src/contracts/status.ts';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { confirm, terminalQuestioner } from '../../../src/cli/confirm.ts';
import type { BreakerView } from '../../../src/contracts/breaker.ts';
import type { CostReport } from '../../../src/contracts/costs.ts';
import type { DeadLetterFilter } from '../../../src/contracts/operations.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { ao, deadLetter, queueView, Sink } from './fakes.ts';

describe('ao status', () => {
  const now: FleetStatus = {
    initialized: false,
    active_sessions: 2,
    active_runs: 3,
    request_count: 40,
    error_count: 1,
    error_rate: 0.025,
    avg_processing_ms: 120,
    window_seconds: 3600,
    degraded_level: 1,
    components: { redis: { status: 'ok' }, nga: { status: 'no_workers', waiting: 3, workers: 0 } },
  };

  it('says what is under way, what the last hour brought, and who is missing', async () => {
    const { stdout, code } = await ao(['status'], { operations: { status: async () => now } });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^initialized +no: a queue has no worker$/m);
    expect(stdout).toMatch(/^runs +3 open, 40 ended in 60 min, 120 ms each$/m);
    expect(stdout).toMatch(/^errors +1 \(2\.5 %\)$/m);
    expect(stdout).toMatch(/^degraded +1: without models$/m);
    expect(stdout).toMatch(/^ +nga +no_workers, 3 waiting, 0 workers$/m);
  });

  it('prints the whole status as JSON', async () => {
    const { stdout } = await ao(['status', '--json'], { operations: { status: async () => now } });
    expect(JSON.parse(stdout)).toEqual(now);
  });
});

describe('ao queues', () => {
  const operations = {
    listQueues: async () => [
      queueView('nga', { agent_type: 'narrative_generator', dlq: 2, oldest_waiting_s: 1.25 }),
      queueView('flow', { paused: true }),
    ],
  };

  it('lists every queue; waiting counts jobs with and without a priority', async () => {
    const { stdout, code } = await ao(['queues'], { operations });
    const [header, nga, flow] = stdout.split('\n');
    expect(code).toBe(0);
    expect(header).toMatch(/^queue +waiting +active/);
    expect(nga).toMatch(/^nga +3 +0 +0 +0 +7 +0 +2 +1 +1\.3 s$/);
    expect(flow).toContain('flow (paused)');
  });

  it('shows one queue by either name', async () => {
    for (const name of ['nga', 'narrative_generator']) {
      const { stdout } = await ao(['queues', 'show', name], { operations });
      expect(stdout).toMatch(/^dead letters +2$/m);
    }
  });

  it('an unknown queue ends with 3 and a suggestion', async () => {
    const result = await ao(['queues', 'show', 'ngaa'], { operations });
    expect(result.code).toBe(3);
    expect(result.stderr).toContain('did you mean "nga"?');
  });

  it('forget asks first', async () => {
    const forgotten: string[] = [];
    const deleteQueue = async (name: string) => void forgotten.push(name);
    expect((await ao(['queues', 'forget', 'echo'], { operations: { deleteQueue } })).code).toBe(2);
    expect(forgotten).toEqual([]);
    const done = await ao(['queues', 'forget', 'echo', '--yes'], { operations: { deleteQueue } });
    expect([done.code, done.stdout]).toEqual([0, 'echo is forgotten\n']);
    expect(forgotten).toEqual(['echo']);
  });
});

describe('ao costs', () => {
  const sums = { requests: 2, input_tokens: 1000, output_tokens: 500, usd: 0.06, usd_per_1k_tokens: 0.04 };
  const report: CostReport = {
    from: '2026-08-01',
    to: '2026-08-15',
    group_by: 'model',
    total: sums,
    groups: [{ key: 'gpt-4', ...sums }],
  };

  it('asks for a range and shows a line for each group and their sum', async () => {
    const asked: unknown[] = [];
    const operations = { costs: async (range: unknown) => (asked.push(range), report) };
    const args = ['costs', '--from', '2026-08-01', '--to', '2026-08-15', '--group-by', 'model'];
    const { stdout, code } = await ao(args, { operations });
    expect(code).toBe(0);
    expect(asked).toEqual([{ from: '2026-08-01', to: '2026-08-15', groupBy: 'model' }]);
    expect(stdout).toMatch(/^model +requests/);
    expect(stdout).toMatch(/^gpt-4 +2 +1000 +500 +0\.060000 +0\.040000$/m);
    expect(stdout).toMatch(/^2026-08-01 to 2026-08-15 +2 /m);
    expect((await ao(['costs', '--json'], { operations })).json()).toEqual(report);
  });

  it('refuses a group that there is not', async () => {
    expect((await ao(['costs', '--group-by', 'planet'])).code).toBe(2);
  });
});

describe('ao breakers', () => {
  const closed: BreakerView = {
    name: 'agent.nga',
    state: 'closed',
    mode: 'shared',
    state_changed_at: null,
    first_opened_at: null,
    retry_after_ms: null,
    failures: 2,
    successes: 0,
    trials: 0,
    recovery_overdue: false,
    degraded: false,
    counters: {
      calls: { success: 7, failure: 2, timeout: 1, rejected: 0, ignored: 0 },
      transitions: {},
      state_seconds: { closed: 60, open: 0, half_open: 0 },
    },
    config: {
      enabled: true,
      failure_threshold: 5,
      timeout_seconds: 60,
      recovery_timeout_seconds: 300,
      half_open_max_calls: 3,
      success_threshold: 2,
      failure_window_seconds: 60,
      call_timeout_ms: null,
    },
  };
  const open: BreakerView = { ...closed, name: 'provider.main', state: 'open', retry_after_ms: 1250 };
  const acted: string[] = [];
  const operations = {
    listBreakers: async () => [closed, open],
    getBreaker: async () => open,
    resetBreaker: async (name: string) => {
      acted.push(`reset ${name}`);
      return closed;
    },
    openBreaker: async (name: string) => {
      acted.push(`open ${name}`);
      return open;
    },
  };

  it('lists every circuit with what was counted of it', async () => {
    const { stdout, code } = await ao(['breakers'], { operations });
    const [header, first, second] = stdout.split('\n');
    expect(code).toBe(0);
    expect(header).toMatch(/^circuit +state +failures/);
    expect(first).toMatch(/^agent\.nga +closed +2 +- +7 +3 +0 +-$/);
    expect(second).toMatch(/^provider\.main +open +2 +1\.3 s/);
    expect((await ao(['breakers', 'list', '--json'], { operations })).json()).toEqual([closed, open]);
  });

  it('shows one with its settings', async () => {
    const { stdout } = await ao(['breakers', 'show', 'provider.main'], { operations });
    expect(stdout).toMatch(/^state +open$/m);
    expect(stdout).toMatch(/^calls: timeout +1$/m);
    expect(stdout).toMatch(/^failure_threshold +5$/m);
  });

  it('resets without a question, and opens only with --yes where nobody can be asked', async () => {
    expect((await ao(['breakers', 'reset', 'agent.nga'], { operations })).code).toBe(0);
    expect((await ao(['breakers', 'open', 'agent.nga'], { operations })).code).toBe(2);
    expect((await ao(['breakers', 'open', 'agent.nga', '--yes'], { operations })).code).toBe(0);
    expect(acted).toEqual(['reset agent.nga', 'open agent.nga']);
  });
});

describe('ao dlq', () => {
  /** A dead letter queue with `count` entries that pages as the fleet does. */
  function deadLetters(count: number) {
    const entries = Array.from({ length: count }, (_, i) => deadLetter(i));
    const filters: DeadLetterFilter[] = [];
    const replayed: string[] = [];
    const discarded: [string, string][] = [];
    return {
      filters,
      replayed,
      discarded,
      operations: {
        listDeadLetters: async (filter: DeadLetterFilter) => {
          filters.push(filter);
          const from = filter.after ? entries.findIndex(({ dlq_id: id }) => id === filter.after!.id) + 1 : 0;
          return entries.slice(from, from + filter.limit);
        },
        replayDeadLetter: async (id: string) => {
          replayed.push(id);
          return { job_id: `again-${id}` };
        },
        discardDeadLetter: async (id: string, { reason }: { reason: string }) => {
          discarded.push([id, reason]);
          return deadLetter(1);
        },
      },
    };
  }

  it('lists with the filters given', async () => {
    const { operations, filters } = deadLetters(2);
    const result = await ao(['dlq', '--queue', 'nga', '--reason', 'stalled', '--limit', '5'], { operations });
    expect(filters).toEqual([{ queue: 'nga', reason: 'stalled', limit: 5 }]);
    expect(result.stdout).toContain('nga~job-1');
  });

  it('says so when there is none; with --json it is an empty list', async () => {
    const { operations } = deadLetters(0);
    expect((await ao(['dlq', 'list'], { operations })).stdout).toBe('no dead letters\n');
    expect((await ao(['dlq', 'list', '--json'], { operations })).json()).toEqual([]);
  });

  it('shows one with its data', async () => {
    const result = await ao(['dlq', 'show', 'nga~job-1'], {
      operations: {
        getDeadLetter: async (id) => ({
          ...deadLetter(1),
          dlq_id: id,
          data: { v: 1 },
          stacktrace: ['Error: x\n  at y'],
        }),
      },
    });
    expect(result.stdout).toContain('"v": 1');
    expect(result.stdout).toContain('at y');
  });

  it('replays one without a question', async () => {
    const { operations, replayed } = deadLetters(1);
    const result = await ao(['dlq', 'replay', 'nga~job-0', '--json'], { operations });
    expect(replayed).toEqual(['nga~job-0']);
    expect(result.json()).toEqual({
      replayed: [{ dlq_id: 'nga~job-0', job_id: 'again-nga~job-0' }],
      failed: [],
    });
  });

  it('replays all over several pages, at most 1000', async () => {
    const { operations, replayed, filters } = deadLetters(1100);
    const result = await ao(['dlq', 'replay', '--all', '--queue', 'nga'], { operations });
    expect(result).toMatchObject({ code: 0, stdout: '1000 replayed\n' });
    expect(new Set(replayed).size).toBe(1000);
    expect(filters.map(({ limit }) => limit)).toEqual([500, 500]);
    expect(filters.every(({ queue }) => queue === 'nga')).toBe(true);
  });

  it('--dry-run touches nothing', async () => {
    const { operations, replayed, discarded } = deadLetters(2);
    const replay = await ao(['dlq', 'replay', '--all', '--dry-run', '--json'], { operations });
    expect(replay.json()).toEqual({ dry_run: true, replayed: ['nga~job-0', 'nga~job-1'] });
    await ao(['dlq', 'discard', '--all', '--reason', 'old', '--dry-run'], { operations });
    expect([...replayed, ...discarded]).toEqual([]);
  });

  it('one that fails does not keep the others from their turn', async () => {
    const { operations, replayed } = deadLetters(3);
    const result = await ao(['dlq', 'replay', '--all', '--json'], {
      operations: {
        ...operations,
        replayDeadLetter: async (id) => {
          if (id === 'nga~job-1') {
            throw new FleetError({
              code: 'run_not_resumable',
              kind: 'conflict',
              message: 'cancelled meanwhile',
            });
          }
          return operations.replayDeadLetter(id);
        },
      },
    });
    expect(replayed).toEqual(['nga~job-0', 'nga~job-2']);
    expect(result.code).toBe(1);
    expect(result.json()).toMatchObject({ failed: [{ dlq_id: 'nga~job-1', code: 'run_not_resumable' }] });
  });

  it('an unknown one ends with 3', async () => {
    const error = new FleetError({ code: 'dead_letter_not_found', kind: 'not_found', message: 'none' });
    const operations = { replayDeadLetter: () => Promise.reject(error) };
    expect((await ao(['dlq', 'replay', 'x~1'], { operations })).code).toBe(3);
  });

  it.each([
    [['replay']],
    [['replay', 'x~1', '--all']],
    [['discard', '--reason', 'r']],
    [['replay', 'x~1', '--queue', 'nga']],
  ])('dlq %j ends with 2: what is meant is not clear', async (argv) => {
    expect((await ao(['dlq', ...argv])).code).toBe(2);
  });

  it('discarding needs --yes where nobody can be asked', async () => {
    const { operations, discarded } = deadLetters(2);
    const refused = await ao(['dlq', 'discard', '--all', '--reason', 'old'], { operations });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('--yes');
    expect(discarded).toEqual([]);

    const done = await ao(['dlq', 'discard', '--all', '--reason', 'old', '--yes'], { operations });
    expect(done.code).toBe(0);
    expect(discarded).toEqual([
      ['nga~job-0', 'old'],
      ['nga~job-1', 'old'],
    ]);
  });

  it.each([
    ['y\n', 0, 1],
    ['YES\n', 0, 1],
    ['n\n', 1, 0],
    ['\n', 1, 0],
    ['yesterday\n', 1, 0],
    [undefined, 1, 0],
  ])('on a terminal the answer %j ends with %d', async (input, code, count) => {
    const { operations, discarded } = deadLetters(1);
    const result = await ao(['dlq', 'discard', 'nga~job-0', '--reason', 'old'], {
      operations,
      ...(input !== undefined && { input }),
      isTTY: true,
    });
    expect(result.stderr).toContain('Discarding nga~job-0. This cannot be undone.');
    expect(result.code).toBe(code);
    expect(discarded).toHaveLength(count);
  });

  it('an interruption at the question changes nothing', async () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true });
    const interruption = new AbortController();
    const asked = confirm('Discarding x', {
      yes: false,
      questioner: terminalQuestioner(stdin, new Sink({ isTTY: true })),
      signal: interruption.signal,
    });
    interruption.abort();
    await expect(asked).rejects.toThrow();
  });
});
