import { describe, expect, it } from 'vitest';
import { awaitRun, followRun } from '../../../src/cli/follow.ts';
import type { RunEvent } from '../../../src/contracts/run.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { event, fakeOperations, RUN_ID, runView } from './fakes.ts';

const AWAY = new FleetError({ code: 'backend_unavailable', kind: 'unavailable', message: 'away' });

/** Each opening of the stream plays the next script: events, then an end or an error. */
function scripted(scripts: { events: RunEvent[]; error?: Error }[]) {
  const openedAfter: (string | undefined)[] = [];
  async function* runEvents(_: string, options: { after?: string }): AsyncGenerator<RunEvent> {
    const script = scripts[openedAfter.length];
    openedAfter.push(options.after);
    if (script === undefined) throw new Error('opened too often');
    yield* script.events;
    if (script.error) throw script.error;
  }
  return { openedAfter, runEvents };
}

async function idsOf(events: AsyncIterable<RunEvent>): Promise<string[]> {
  const ids: string[] = [];
  for await (const each of events) ids.push(each.id);
  return ids;
}

const signal = new AbortController().signal;

describe('followRun', () => {
  it('comes back after a lost stream, after the last event seen', async () => {
    const { openedAfter, runEvents } = scripted([
      { events: [event(1, 'run.accepted'), event(2, 'run.started')], error: AWAY },
      { events: [], error: AWAY },
      { events: [event(3, 'run.completed')] },
    ]);
    const lost: string[] = [];
    const events = followRun(fakeOperations({ runEvents, getRun: async () => runView() }), RUN_ID, {
      signal,
      reconnectDelayMs: 0,
      onReconnect: (error) => lost.push(error.code),
    });
    expect(await idsOf(events)).toEqual(['1-0', '2-0', '3-0']);
    expect(openedAfter).toEqual([undefined, '2-0', '2-0']);
    expect(lost).toHaveLength(2);
  });

  it('opens again when the stream ends while the run is open', async () => {
    const { openedAfter, runEvents } = scripted([
      { events: [event(1, 'run.accepted')] },
      { events: [event(2, 'run.completed')] },
    ]);
    const statuses = ['running', 'completed'] as const;
    const operations = fakeOperations({
      runEvents,
      getRun: async () => runView({ status: statuses[openedAfter.length - 1]! }),
    });
    expect(await idsOf(followRun(operations, RUN_ID, { signal }))).toEqual(['1-0', '2-0']);
    expect(openedAfter).toEqual([undefined, '1-0']);
  });

  it('goes on over the failure of a run that was resumed', async () => {
    const { runEvents } = scripted([
      { events: [event(1, 'run.failed'), event(2, 'run.accepted'), event(3, 'run.completed')] },
    ]);
    const operations = fakeOperations({ runEvents, getRun: async () => runView() });
    expect(await idsOf(followRun(operations, RUN_ID, { signal }))).toEqual(['1-0', '2-0', '3-0']);
  });

  it('ends when nothing more can come', async () => {
    const { runEvents } = scripted([{ events: [] }]);
    const operations = fakeOperations({ runEvents, getRun: async () => runView() });
    expect(await idsOf(followRun(operations, RUN_ID, { signal, after: '9-0' }))).toEqual([]);
  });

  it('gives up on errors that waiting does not mend', async () => {
    const { runEvents } = scripted([{ events: [], error: new Error('a bug') }]);
    await expect(idsOf(followRun(fakeOperations({ runEvents }), RUN_ID, { signal }))).rejects.toThrow(
      'a bug',
    );
  });

  it('a backend that stays away is an error in the end', async () => {
    const scripts = Array.from({ length: 40 }, () => ({ events: [], error: AWAY }));
    const { openedAfter, runEvents } = scripted(scripts);
    const events = followRun(fakeOperations({ runEvents }), RUN_ID, { signal, reconnectDelayMs: 0 });
    await expect(idsOf(events)).rejects.toBe(AWAY);
    expect(openedAfter).toHaveLength(31);
  });
});

describe('awaitRun', () => {
  it('a limit that passes is a timeout that names the run', async () => {
    // oxlint-disable-next-line require-yield
    async function* runEvents(_: string, options: { signal: AbortSignal }): AsyncGenerator<RunEvent> {
      await new Promise((_resolve, reject) =>
        options.signal.addEventListener('abort', () => reject(options.signal.reason as Error)),
      );
    }
    const waiting = awaitRun(fakeOperations({ runEvents }), RUN_ID, { timeoutMs: 10, signal });
    await expect(waiting).rejects.toMatchObject({ code: 'wait_timeout', kind: 'timeout' });
    await expect(waiting).rejects.toThrow(RUN_ID);
  });
});
