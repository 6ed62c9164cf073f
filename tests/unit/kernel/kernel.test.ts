import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sleep, untilAborted } from '../../../src/kernel/abort.ts';
import { ERROR_KINDS, KIND_REACTIONS } from '../../../src/kernel/error-kinds.ts';
import { FleetError, isFleetError, toFleetError } from '../../../src/kernel/errors.ts';
import { newRunId, uuidv7 } from '../../../src/kernel/ids.ts';
import { nearest } from '../../../src/kernel/suggest.ts';
import { RunIdText } from '../../../src/contracts/identifiers.ts';

describe('errors', () => {
  it('take status, retry and exit code from their kind unless told otherwise', () => {
    for (const kind of ERROR_KINDS) {
      const error = new FleetError({ code: 'x', kind, message: 'm' });
      expect(error.httpStatus).toBe(KIND_REACTIONS[kind].httpStatus);
      expect(error.retryable).toBe(KIND_REACTIONS[kind].job !== 'give_up');
    }
    expect(new FleetError({ code: 'x', kind: 'internal', message: 'm', retryable: false }).retryable).toBe(
      false,
    );
  });

  it('are recognised by their mark, and wrapped once with their cause', () => {
    const cause = new Error('inner');
    const wrapped = toFleetError(cause, 'step_failed');
    expect(isFleetError(wrapped)).toBe(true);
    expect(wrapped.cause).toBe(cause);
    expect(toFleetError(wrapped)).toBe(wrapped);
    expect(toFleetError('text').message).toBe('text');
    expect(isFleetError({ isFleetError: true })).toBe(false);
  });
});

describe('run ids', () => {
  it('are wf_ and a UUID of version 7 that sorts by time', () => {
    expect(RunIdText.safeParse(newRunId()).success).toBe(true);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 47 }), fc.integer({ min: 1, max: 1e9 }), (at, later) => {
        expect(uuidv7(at) < uuidv7(at + later)).toBe(true);
      }),
    );
  });
});

describe('abort', () => {
  it('untilAborted rejects with the reason and swallows the late rejection', async () => {
    const controller = new AbortController();
    const late = Promise.withResolvers<never>();
    const waiting = untilAborted(late.promise, controller.signal);
    controller.abort(new Error('stop'));
    await expect(waiting).rejects.toThrow('stop');
    late.reject(new Error('late'));
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('sleep ends at once when its signal aborts', async () => {
    const controller = new AbortController();
    const waiting = sleep(60_000, controller.signal);
    controller.abort(new Error('stop'));
    await expect(waiting).rejects.toThrow('stop');
  });
});

describe('suggestions', () => {
  it('name the nearest known word, and nothing when none is near', () => {
    expect(nearest('colaborative', ['collaborative', 'other'])).toBe('collaborative');
    expect(nearest('zzz', ['collaborative'])).toBeUndefined();
  });
});
