import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { exitCodeOf, exitCodeOfRun } from '../../../src/cli/exit-codes.ts';
import { deferred } from '../../../src/kernel/deferred.ts';
import { ERROR_KINDS, KIND_REACTIONS } from '../../../src/kernel/error-kinds.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { ao, queueView, Sink } from './fakes.ts';

describe('usage', () => {
  it.each([
    [['enqeue', 'x'], 'did you mean "enqueue"?'],
    [['dlq', 'replya', 'nga~1'], 'did you mean "replay"?'],
    [['queues', 'lst'], 'did you mean "list"?'],
    [['worker', 'nga', '--concurency', '3'], 'did you mean "--concurrency"?'],
    [['queues', '--jsn'], 'did you mean "--json"?'],
    [['worker', 'ngaa'], 'did you mean "nga"?'],
    [['keys', 'generate', '--id', 'svc', '--roles', 'red'], 'did you mean "read"?'],
  ])('%j ends with 2 and a suggestion', async (argv, suggestion) => {
    const result = await ao(argv);
    expect(result.stderr).toContain(suggestion);
    expect(result.code).toBe(2);
    expect(result.stdout).toBe('');
  });

  it.each([
    [['worker']],
    [['worker', 'nga', '--concurrency', '0']],
    [['worker', 'nga', '--concurrency', '2.5']],
    [['worker', 'nga', '--instance', 'a b']],
    [['enqueue', 'w', '--priority', 'urgent']],
    [['enqueue', 'w', '--id', '17']],
    [['enqueue', 'w', '--wait=0']],
    [['turn', 'only-a-session']],
    [['demo', '--turns', '0']],
    [['demo', '--fail', 'flow']],
    [['dlq', 'discard', 'nga~1']],
    [['keys', 'generate', '--id', 'with_underscore', '--roles', 'read']],
    [['qwertzuiop']],
  ])('%j ends with 2', async (argv) => {
    const result = await ao(argv);
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(/^ao: /);
  });

  it('an unknown name far from every known one points to the help instead of guessing', async () => {
    const result = await ao(['qwertzuiop']);
    expect(result.stderr).toContain('"ao --help" lists the commands');
    expect(result.stderr).not.toContain('did you mean');
  });

  it('the command alone shows its help on stderr and ends with 2', async () => {
    const result = await ao([]);
    expect(result.code).toBe(2);
    expect(result.stdout).toBe('');
    expect(result.stderr).toContain('Usage: ao');
  });

  it('asked for, help goes to stdout and ends with 0', async () => {
    const result = await ao(['--help']);
    expect(result.code).toBe(0);
    expect(result.stdout).toContain('Exit codes');
    for (const name of [
      'demo',
      'dev',
      'api',
      'worker',
      'enqueue',
      'turn',
      'watch',
      'dlq',
      'doctor',
      'keys',
    ]) {
      expect(result.stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
    }
  });
});

describe('exit codes', () => {
  it.each(ERROR_KINDS)('an operation that fails as %s ends as the table of kinds says', async (kind) => {
    const error = new FleetError({ code: 'some_code', kind, message: 'it did not work' });
    const result = await ao(['queues', '--json'], {
      operations: { listQueues: () => Promise.reject(error) },
    });
    expect(result.code).toBe(KIND_REACTIONS[kind].exitCode);
    expect(result.stderr).toBe('ao: it did not work\n');
    expect(result.json()).toEqual({
      error: { code: 'some_code', message: 'it did not work', exit_code: KIND_REACTIONS[kind].exitCode },
    });
  });

  it('a wrong configuration ends with 78 and names every problem', async () => {
    const result = await ao(['config', 'check'], { env: { AO_PORT: 'abc', AO_LOG__LEVEL: 'loud' } });
    expect(result.code).toBe(78);
    expect(result.stderr).toContain('AO_PORT');
    expect(result.stderr).toContain('AO_LOG__LEVEL');
    expect(result.stderr.match(/AO_PORT/g)).toHaveLength(1);
  });

  it('an error that is none of ours is a failure, with its stack for the report', async () => {
    const result = await ao(['queues'], {
      operations: { listQueues: () => Promise.reject(new Error('a bug')) },
    });
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('a bug');
    expect(result.stderr).toContain('at ');
  });

  it('a run reports how it ended', () => {
    expect(exitCodeOfRun('completed')).toBe(0);
    expect(exitCodeOfRun('failed')).toBe(1);
    expect(exitCodeOfRun('cancelled')).toBe(1);
    expect(exitCodeOfRun('timed_out')).toBe(5);
    expect(exitCodeOf('thrown text')).toBe(1);
  });
});

describe('the output streams', () => {
  const operations = { listQueues: async () => [queueView('nga')] };

  it('--json writes one document and nothing else, wherever the option stands', async () => {
    for (const argv of [
      ['--json', 'queues'],
      ['queues', '--json'],
      ['queues', 'list', '--json'],
    ]) {
      const result = await ao(argv, { operations });
      expect((result.json() as { name: string }[])[0]!.name).toBe('nga');
      expect(result.stderr).toBe('');
    }
  });

  it('a usage error is a document too', async () => {
    const result = await ao(['queues', '--json', '--nonsense']);
    expect(result.json()).toMatchObject({ error: { code: 'usage', exit_code: 2 } });
    expect(result.code).toBe(2);
  });

  it('--quiet silences remarks, never errors', async () => {
    const generate = ['keys', 'generate', '--id', 'a', '--roles', 'read'];
    expect((await ao(generate)).stderr).not.toBe('');
    expect((await ao([...generate, '--quiet'])).stderr).toBe('');
    expect((await ao(['config', 'explain', 'nothing', '--quiet'])).stderr).toMatch(/^ao: /);
  });

  it('has no colours without a terminal, with --no-color, or in JSON', async () => {
    const escape = '\u001b[';
    expect((await ao(['queues'], { operations })).stdout).not.toContain(escape);
    expect((await ao(['queues', '--no-color'], { operations, isTTY: true })).stdout).not.toContain(escape);
    expect((await ao(['queues', '--json'], { operations, isTTY: true })).stdout).not.toContain(escape);
    expect((await ao(['queues'], { operations, isTTY: true })).stdout).toContain(escape);
  });

  it('escape sequences in what the fleet tells never reach the terminal', async () => {
    const evil = queueView('nga\u001b[2J\u0007');
    const result = await ao(['queues'], { operations: { listQueues: async () => [evil] } });
    expect(result.stdout).not.toContain('\u001b');
    expect(result.stdout).not.toContain('\u0007');
  });

  it('a reader that has seen enough ends the command without a failure', async () => {
    const stdout = new Sink();
    const opened = deferred();
    const result = ao(['watch', 'wf_x'], {
      stdout,
      operations: {
        getRun: (_id, _caller) => {
          opened.resolve();
          return new Promise((_, reject) => stdout.once('error', () => reject(new Error('closed'))));
        },
      },
    });
    await opened.promise;
    stdout.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    expect((await result).code).toBe(0);
  });
});

describe('signals', () => {
  it('the first one interrupts the command, which ends with 130', async () => {
    const signals = new EventEmitter();
    const started = deferred();
    const result = ao(['enqueue', 'w', '--wait'], {
      signals,
      operations: {
        startRun: async () => ({
          done: false,
          accepted: { run_id: 'wf_x', status: 'pending', progress: 0, location: '/x', queued_behind: 0 },
        }),
        // oxlint-disable-next-line require-yield
        async *runEvents(_id, { signal }) {
          started.resolve();
          await new Promise((_, reject) =>
            signal.addEventListener('abort', () => reject(signal.reason as Error)),
          );
        },
      },
    });
    await started.promise;
    signals.emit('SIGINT');
    expect((await result).code).toBe(130);
    expect(signals.listenerCount('SIGINT') + signals.listenerCount('SIGTERM')).toBe(0);
  });

  it('the second one ends the process at once, unless it is the echo of the first', async () => {
    const signals = new EventEmitter();
    let nowMs = 1000;
    const exits: number[] = [];
    const ready = deferred();
    const drained = deferred();
    const result = ao(['api', '--redis-url', 'redis://x:1/0'], {
      signals,
      clock: { now: () => nowMs },
      exit: (code) => exits.push(code),
      ports: {
        runRole: async (_role, _config, { signal }) => {
          ready.resolve();
          await drained.promise;
          return signal.aborted ? 0 : 9;
        },
      },
    });
    await ready.promise;
    signals.emit('SIGTERM');
    nowMs += 250;
    signals.emit('SIGINT');
    expect(exits).toEqual([]);
    nowMs += 1;
    signals.emit('SIGTERM');
    expect(exits).toEqual([130]);
    drained.resolve();
    expect((await result).code).toBe(0);
  });
});
