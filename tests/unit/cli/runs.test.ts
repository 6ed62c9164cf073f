import { describe, expect, it } from 'vitest';
import { RunSummary, type RunView } from '../../../src/contracts/run.ts';
import type { ScheduleView } from '../../../src/contracts/schedule.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { ao, RUN_ID } from './fakes.ts';

const AT = '2026-01-01T00:00:00.000Z';
const summary: RunSummary = {
  run_id: RUN_ID,
  workflow: 'collaborative',
  version: 1,
  status: 'failed',
  degraded: false,
  generation: 0,
  priority: 'normal',
  correlation_id: 'c',
  created_at: AT,
  started_at: AT,
  ended_at: AT,
  deadline_at: AT,
  error: { code: 'boom', message: 'it\u001b[31m broke' },
  metadata: {},
};
const run: RunView = {
  ...summary,
  progress: 40,
  completed_steps: [],
  skipped_steps: [],
  steps: [{ name: 'ipa', agent: 'ipa', status: 'failed', attempts: 3, queued_ms: 1, duration_ms: 12 }],
  output: null,
};
const schedule: ScheduleView = {
  name: 'nightly',
  workflow: 'collaborative',
  input: {},
  cron: '0 3 * * *',
  priority: 'normal',
  overlap: 'allow',
  created_by: 'local',
  updated_at: AT,
  next_run_at: AT,
  last: { at: AT, outcome: 'failed', error: { code: 'workflow_not_found', message: 'gone' } },
};

describe('ao workflows', () => {
  it('list shows runs over several pages, and passes the filter on', async () => {
    const asked: unknown[] = [];
    const listRuns = async (filter: { after?: { id: string } | undefined }) => {
      asked.push(filter);
      return filter.after === undefined
        ? { items: [], next: { at: 1, id: 'x' } }
        : { items: [summary], next: null };
    };
    const argv = ['workflows', 'list', '--status', 'failed', '--session', 's', '--limit', '5'];
    const text = await ao(argv, { operations: { listRuns } });
    expect(text.code).toBe(0);
    expect(text.stdout).toContain(RUN_ID);
    expect(asked).toMatchObject([
      { status: 'failed', session_id: 's', limit: 5 },
      { after: { at: 1, id: 'x' } },
    ]);
    expect((await ao([...argv, '--json'], { operations: { listRuns } })).json()).toEqual([summary]);
  });

  it('list says when there are no runs, or more of them', async () => {
    const none = await ao(['workflows'], {
      operations: { listRuns: async () => ({ items: [], next: null }) },
    });
    expect(none.stdout).toBe('no runs\n');
    const next = { at: 1, id: 'x' };
    const more = await ao(['workflows', 'list', '--limit', '1'], {
      operations: { listRuns: async () => ({ items: [summary], next }) },
    });
    expect(more.stderr).toContain('there are more');
    expect((await ao(['workflows', 'list', '--status', 'odd'])).code).toBe(2);
  });

  it('show prints the run, made harmless, with its steps and error', async () => {
    const { code, stdout } = await ao(['workflows', 'show', RUN_ID], {
      operations: { getRun: async () => run },
    });
    expect(code).toBe(0);
    expect(stdout).toContain('failed, 3 attempts, 12 ms');
    expect(stdout).toContain('boom: it broke');
    expect(stdout).not.toContain('\u001b');
  });

  it('cancel asks first, and is refused where nobody can be asked', async () => {
    const calls: unknown[] = [];
    const cancelRun = async (...args: unknown[]) => (
      calls.push(args.slice(0, 2)),
      { ...run, status: 'cancelled' as const }
    );
    expect((await ao(['workflows', 'cancel', RUN_ID], { operations: { cancelRun } })).code).toBe(2);
    expect(calls).toEqual([]);
    const argv = ['workflows', 'cancel', RUN_ID, '--yes', '--reason', 'a mistake'];
    const cancelled = await ao(argv, { operations: { cancelRun } });
    expect([cancelled.code, cancelled.stdout]).toEqual([0, `${RUN_ID} cancelled\n`]);
    expect(calls).toEqual([[RUN_ID, { reason: 'a mistake' }]]);
  });

  it('signal hands the payload on, and refuses what is no JSON', async () => {
    const calls: unknown[] = [];
    const signalRun = async (...args: unknown[]) => {
      calls.push(args.slice(0, 3));
      return run;
    };
    const argv = ['workflows', 'signal', RUN_ID, 'approval', '--payload'];
    const given = await ao([...argv, '{"by": "ada"}'], { operations: { signalRun } });
    expect([given.code, given.stdout]).toEqual([0, `${RUN_ID} has "approval"; it is ${run.status}\n`]);
    expect((await ao([...argv, '{by'], { operations: { signalRun } })).code).toBe(2);
    expect(calls).toEqual([[RUN_ID, 'approval', { by: 'ada' }]]);
  });

  it('resume and rerun print the run', async () => {
    const resumed = await ao(['workflows', 'resume', RUN_ID], {
      operations: { resumeRun: async () => ({ ...run, status: 'pending' }) },
    });
    expect([resumed.code, resumed.stdout]).toEqual([0, `${RUN_ID} pending\n`]);
    const accepted = {
      run_id: 'wf_new',
      status: 'pending' as const,
      progress: 0,
      location: '/x',
      queued_behind: 0,
    };
    const rerun = await ao(['workflows', 'rerun', RUN_ID], {
      operations: { rerunRun: async () => accepted },
    });
    expect([rerun.code, rerun.stdout]).toEqual([0, 'wf_new\n']);
  });

  it.each([
    ['show', 'getRun', 'not_found', 3],
    ['resume', 'resumeRun', 'conflict', 1],
    ['rerun', 'rerunRun', 'unavailable', 69],
  ] as const)('%s ends with the code of its error', async (verb, operation, kind, code) => {
    const refuse = async () => {
      throw new FleetError({ code: 'x', kind, message: 'no' });
    };
    expect((await ao(['workflows', verb, RUN_ID], { operations: { [operation]: refuse } })).code).toBe(code);
  });
});

describe('ao schedules', () => {
  it('set sends what was said', async () => {
    const calls: unknown[] = [];
    const putSchedule = async (...args: unknown[]) => (
      calls.push(args.slice(0, 2)),
      { schedule, created: true }
    );
    const argv = ['schedules', 'set', 'nightly', '--workflow', 'collaborative', '--input', '{"text":"hi"}'];
    const times = [
      '--cron',
      '0 3 * * *',
      '--timezone',
      'Europe/Berlin',
      '--overlap',
      'skip',
      '--timeout',
      '5',
    ];
    const { code, stdout } = await ao([...argv, ...times], { operations: { putSchedule } });
    expect(code).toBe(0);
    expect(stdout).toContain('workflow_not_found: gone');
    await ao([...argv, '--every', '1.5', '--workflow-version', '2'], { operations: { putSchedule } });
    const common = { workflow: 'collaborative', input: { text: 'hi' } };
    expect(calls).toEqual([
      ['nightly', { ...common, cron: '0 3 * * *', timezone: 'Europe/Berlin', overlap: 'skip', timeout_s: 5 }],
      ['nightly', { ...common, every_ms: 1500, version: 2 }],
    ]);
  });

  it('list and show print next and last run', async () => {
    const listSchedules = async () => [schedule];
    const listed = await ao(['schedules'], { operations: { listSchedules } });
    expect(listed.stdout).toMatch(/nightly +collaborative +0 3 \* \* \* UTC +01-01 00:00:00 +failed/);
    expect((await ao(['schedules', '--json'], { operations: { listSchedules } })).json()).toEqual([schedule]);
    expect((await ao(['schedules'], { operations: { listSchedules: async () => [] } })).stdout).toBe(
      'no schedules\n',
    );
    const shown = await ao(['schedules', 'show', 'nightly'], {
      operations: { getSchedule: async () => schedule },
    });
    expect(shown.stdout).toContain('workflow_not_found: gone');
  });

  it('delete asks first', async () => {
    const deleted: string[] = [];
    const deleteSchedule = async (name: string) => void deleted.push(name);
    expect((await ao(['schedules', 'delete', 'nightly'], { operations: { deleteSchedule } })).code).toBe(2);
    expect(deleted).toEqual([]);
    expect(
      (await ao(['schedules', 'delete', 'nightly', '--yes'], { operations: { deleteSchedule } })).code,
    ).toBe(0);
    expect(deleted).toEqual(['nightly']);
  });

  it.each([
    [['schedules', 'set', 'Nightly', '--workflow', 'w', '--every', '5']],
    [['schedules', 'set', 'nightly', '--every', '5']],
    [['schedules', 'set', 'nightly', '--workflow', 'w', '--every', 'often']],
    [['schedules', 'set', 'nightly', '--workflow', 'w', '--overlap', 'queue']],
  ])('%j ends with 2', async (argv) => {
    expect((await ao(argv)).code).toBe(2);
  });
});
