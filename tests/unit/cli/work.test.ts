import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { FleetOperations } from '../../../src/contracts/operations.ts';
import type { StartRun } from '../../../src/contracts/turn.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { ao, event, fakeOperations, response, RUN_ID, runView, stream, tempDir } from './fakes.ts';

const ACCEPTED = {
  done: false,
  accepted: { run_id: RUN_ID, status: 'pending', progress: 0, location: '/v1/runs/x', queued_behind: 0 },
} as const;

const ENDED = [event(1, 'run.accepted'), event(2, 'step.started', { step: 'story', agent: 'nga' })];

function startRunRecorder() {
  const requests: { workflow: string; request: StartRun; runId: string | undefined }[] = [];
  return {
    requests,
    startRun: async (workflow: string, request: StartRun, _: unknown, options?: { runId?: string }) => {
      requests.push({ workflow, request, runId: options?.runId });
      return ACCEPTED;
    },
  };
}

describe('ao enqueue', () => {
  it('prints the run_id and nothing else', async () => {
    const { startRun } = startRunRecorder();
    const result = await ao(['enqueue', 'collaborative'], { operations: { startRun } });
    expect(result).toMatchObject({ code: 0, stdout: `${RUN_ID}\n`, stderr: '' });
  });

  it('takes input as JSON, from a file, and from standard input', async () => {
    const file = join(tempDir(), 'input.json');
    writeFileSync(file, '{"text":"file"}');
    const { requests, startRun } = startRunRecorder();
    const operations = { startRun };
    await ao(['enqueue', 'w', '--input', '{"text":"inline"}'], { operations });
    await ao(['enqueue', 'w', '--input', `@${file}`], { operations });
    await ao(['enqueue', 'w', '--input', '-'], { operations, input: '{"text":"piped"}' });
    expect(requests.map(({ request }) => request.input)).toEqual([
      { text: 'inline' },
      { text: 'file' },
      { text: 'piped' },
    ]);
  });

  it('passes on session, priority and id', async () => {
    const { requests, startRun } = startRunRecorder();
    const argv = ['enqueue', 'w', '--session', 's1', '--priority', 'high', '--id', RUN_ID];
    await ao(argv, { operations: { startRun } });
    expect(requests).toEqual([
      {
        workflow: 'w',
        runId: RUN_ID,
        request: { input: {}, wait_ms: 0, priority: 'high', session_id: 's1' },
      },
    ]);
  });

  it.each(['--dedup-id', '--idempotency-key'])('%s becomes the dedup_id of the request', async (option) => {
    const { requests, startRun } = startRunRecorder();
    await ao(['enqueue', 'w', option, 'k1'], { operations: { startRun } });
    const request = { input: {}, wait_ms: 0, dedup_id: 'k1' };
    expect(requests).toEqual([{ workflow: 'w', runId: undefined, request }]);
    const both = await ao(['enqueue', 'w', option, 'k1', '--id', RUN_ID], { operations: { startRun } });
    expect(both.code).toBe(2);
  });

  it('--user names whose run it is', async () => {
    const { requests, startRun } = startRunRecorder();
    await ao(['enqueue', 'w', '--user', 'u1'], { operations: { startRun } });
    expect(requests[0]?.request).toEqual({ input: {}, wait_ms: 0, user_id: 'u1' });
  });

  it('--delay lets the run begin later', async () => {
    const { requests, startRun } = startRunRecorder();
    await ao(['enqueue', 'w', '--delay', '1.5'], { operations: { startRun } });
    expect(requests[0]?.request).toEqual({ input: {}, wait_ms: 0, delay_ms: 1500 });
    expect((await ao(['enqueue', 'w', '--delay', 'soon'], { operations: { startRun } })).code).toBe(2);
  });

  it('over HTTP the key travels with the request', async () => {
    const { requests, startRun } = startRunRecorder();
    const result = await ao(
      ['enqueue', 'w', '--idempotency-key', 'k1', '--api-url', 'http://h:1', '--api-key', 'ao_a_b'],
      {
        ports: {
          openRemote: async (target) => {
            expect(target).toEqual({ baseUrl: 'http://h:1', apiKey: 'ao_a_b' });
            return { operations: fakeOperations({ startRun }), close: async () => undefined };
          },
        },
      },
    );
    expect(result.code).toBe(0);
    expect(requests).toEqual([
      { workflow: 'w', runId: undefined, request: { input: {}, wait_ms: 0, dedup_id: 'k1' } },
    ]);
  });

  it.each([
    [['--input', '{oops'], '--input is not JSON'],
    [['--input', '@/no/such/file'], '/no/such/file'],
  ])('%j ends with 2 before anything is started', async (options, message) => {
    const result = await ao(['enqueue', 'w', ...options]);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain(message);
  });

  it('--id with --api-url is refused instead of ignored', async () => {
    const result = await ao(['enqueue', 'w', '--id', RUN_ID, '--api-url', 'http://h:1'], {
      ports: { openRemote: async () => ({ operations: {} as never, close: async () => undefined }) },
    });
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('--dedup-id');
  });

  it('--wait prints the result once the run has ended', async () => {
    const { startRun } = startRunRecorder();
    const result = await ao(['enqueue', 'w', '--wait=5', '--json'], {
      operations: {
        startRun,
        runEvents: () => stream([...ENDED, event(3, 'run.completed')]),
        getRun: async () => runView(),
      },
    });
    expect(result.code).toBe(0);
    expect(result.json()).toMatchObject({ run_id: RUN_ID, status: 'completed', output: { told: 'yes' } });
  });

  it('--wait ends with 1 when the run failed, and says why', async () => {
    const { startRun } = startRunRecorder();
    const result = await ao(['enqueue', 'w', '--wait'], {
      operations: {
        startRun,
        runEvents: () => stream([...ENDED, event(3, 'run.failed')]),
        getRun: async () =>
          runView({ status: 'failed', output: null, error: { code: 'boom', message: 'it broke' } }),
      },
    });
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('failed: boom: it broke');
  });

  it('--wait ends with 5 when the time is up; the run_id is still told', async () => {
    const { startRun } = startRunRecorder();
    const result = await ao(['enqueue', 'w', '--wait=0.02'], {
      operations: {
        startRun,
        // oxlint-disable-next-line require-yield
        async *runEvents(_id, { signal }) {
          await new Promise((_, reject) =>
            signal.addEventListener('abort', () => reject(signal.reason as Error)),
          );
        },
      },
    });
    expect(result.code).toBe(5);
    expect(result.stderr).toContain(RUN_ID);
  });
});

describe('ao turn', () => {
  it('prints the story', async () => {
    const requests: unknown[] = [];
    const result = await ao(['turn', 's1', 'go north', '--create'], {
      operations: {
        submitTurn: async (session, request) => {
          requests.push([session, request]);
          return { done: true, response: response('You walk north.') };
        },
      },
    });
    expect(result).toMatchObject({ code: 0, stdout: 'You walk north.\n', stderr: '' });
    expect(requests).toEqual([['s1', { text: 'go north', wait_ms: 30_000, create_session: true }]]);
  });

  it('says on stderr that a story is degraded', async () => {
    const told = response('A quiet story.', { degraded: true, degraded_reasons: ['sla_fallback'] });
    const result = await ao(['turn', 's1', 'go'], {
      operations: { submitTurn: async () => ({ done: true, response: told }) },
    });
    expect(result.stderr).toBe('degraded: sla_fallback\n');
  });

  it('a turn that takes longer is awaited and read from the history', async () => {
    const record = { turn: 4, run_id: RUN_ID, text: 'go', intent: 'move', response_text: 'Late, but told.' };
    const result = await ao(['turn', 's1', 'go'], {
      operations: {
        submitTurn: async () => ACCEPTED,
        runEvents: () => stream([event(3, 'run.completed')]),
        getRun: async () => runView(),
        listTurns: async () => ({
          items: [{ ...record, themes: [], template_ids: [], at: '2023-11-14T22:13:20.000Z' }],
          nextBefore: null,
        }),
      },
    });
    expect(result).toMatchObject({ code: 0, stdout: 'Late, but told.\n' });
  });

  it('an unknown session ends with 3', async () => {
    const error = new FleetError({
      code: 'session_not_found',
      kind: 'not_found',
      message: 'no session "s1"',
    });
    const result = await ao(['turn', 's1', 'go'], {
      operations: { submitTurn: () => Promise.reject(error) },
    });
    expect(result.code).toBe(3);
  });

  it('a failed turn that took long tells its kind word too, and ends with 1', async () => {
    const accepted = {
      run_id: RUN_ID,
      status: 'pending',
      progress: 0,
      location: '/',
      queued_behind: 0,
    } as const;
    const output = response('A quiet moment passes.', { status: 'failed' });
    const result = await ao(['turn', 's1', 'go'], {
      operations: {
        submitTurn: async () => ({ done: false, accepted }),
        runEvents: () => stream([...ENDED, event(3, 'run.failed')]),
        getRun: async () => runView({ status: 'failed', error: { code: 'boom', message: 'm' }, output }),
      },
    });
    expect(result.stdout).toContain('A quiet moment passes.');
    expect(result.code).toBe(1);
  });

  it('a failed turn ends with 1', async () => {
    const told = response('Something went wrong.', { status: 'failed' });
    const result = await ao(['turn', 's1', 'go'], {
      operations: { submitTurn: async () => ({ done: true, response: told }) },
    });
    expect(result.code).toBe(1);
  });
});

describe('ao watch', () => {
  const events = [
    event(1, 'run.accepted'),
    event(2, 'step.retrying', {
      step: 'story',
      agent: 'nga',
      data: { attempt: 1, delay_ms: 500, error_code: 'oops' },
    }),
    event(3, 'run.failed'),
  ];
  const operations = {
    runEvents: () => stream(events),
    getRun: async () => runView({ status: 'failed', error: { code: 'oops', message: 'it broke' } }),
  };

  it('prints one line per event and reflects how the run ended', async () => {
    const result = await ao(['watch', RUN_ID], { operations });
    expect(result.code).toBe(1);
    expect(result.stdout.trimEnd().split('\n')).toHaveLength(3);
    expect(result.stdout).toContain('attempt 1 failed, next in 500 ms, oops');
    expect(result.stderr).toBe('oops: it broke\n');
  });

  it('with --json it is one document per line', async () => {
    const result = await ao(['watch', RUN_ID, '--json'], { operations });
    const lines = result.stdout.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(['1-0', '2-0', '3-0']);
  });

  it('on a terminal a progress line comes and goes', async () => {
    const result = await ao(['watch', RUN_ID], { operations, isTTY: true });
    expect(result.stdout).toContain('100%');
    expect(result.stdout.endsWith('\u001b[2K')).toBe(true);
  });

  it('an unknown run ends with 3 and prints nothing on stdout', async () => {
    const error = new FleetError({ code: 'run_not_found', kind: 'not_found', message: 'no such run' });
    const result = await ao(['watch', RUN_ID], { operations: { getRun: () => Promise.reject(error) } });
    expect(result).toMatchObject({ code: 3, stdout: '' });
  });

  it('--tokens prints what the steps write, piece by piece', async () => {
    const asked: unknown[] = [];
    const piece = { run_id: RUN_ID, step: 'tell', attempt: 1 };
    const tokens = [
      { ...piece, id: '1-0', seq: 0, text: 'It ' },
      { ...piece, id: '2-0', attempt: 2, seq: 0, text: 'It rains.', reset: true as const },
    ];
    const speaking: Partial<FleetOperations> = {
      getRun: async () => runView(),
      runTokens: async (_, { after }) => (asked.push(after), Readable.from(tokens)),
    };
    const result = await ao(['watch', RUN_ID, '--tokens', '--since', '0-1'], { operations: speaking });
    expect(result.stdout).toBe('It \nIt rains.\n');
    expect(result.stderr).toContain('tell begins its text anew');
    expect(asked).toEqual(['0-1']);
  });
});
