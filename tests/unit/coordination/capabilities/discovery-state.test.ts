import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DISABLED,
  nextState,
  PENDING,
  type ComponentEvent,
  type ComponentState,
} from '../../../../src/coordination/capabilities/discovery/component-state.ts';
import { resolveEnvironment } from '../../../../src/coordination/capabilities/discovery/environment.ts';

const failure = { code: 'redis_unavailable', message: 'away' };
const BEGAN: ComponentEvent = { kind: 'attempt_began' };
const SUCCEEDED: ComponentEvent = { kind: 'attempt_succeeded' };
const FAILED: ComponentEvent = { kind: 'attempt_failed', failure, isFinal: false };
const FINAL: ComponentEvent = { kind: 'attempt_failed', failure, isFinal: true };
const AGAIN: ComponentEvent = { kind: 'asked_again' };

const after = (events: readonly ComponentEvent[], retryAttempts = 3, from = PENDING): ComponentState =>
  events.reduce((state, event) => nextState(state, event, retryAttempts), from);

describe('a component', () => {
  test('goes from pending over discovering to registered', () => {
    expect(after([BEGAN]).status).toBe('discovering');
    expect(after([BEGAN, SUCCEEDED])).toEqual({ status: 'registered', attempts: 1, lastError: null });
  });

  test('is tried again as often as retries allow', () => {
    expect(after([BEGAN, FAILED], 1)).toEqual({ status: 'pending', attempts: 1, lastError: failure });
    expect(after([BEGAN, FAILED, BEGAN, FAILED], 1)).toEqual({
      status: 'failed',
      attempts: 2,
      lastError: failure,
    });
    expect(after([BEGAN, FAILED], 0).status).toBe('failed');
    expect(after([BEGAN, FAILED, BEGAN, SUCCEEDED], 1).lastError).toBeNull();
  });

  test('that is wrong fails at once', () => {
    expect(after([BEGAN, FINAL])).toEqual({ status: 'failed', attempts: 1, lastError: failure });
  });

  test('begins a new round when it is asked again', () => {
    expect(after([BEGAN, FINAL, AGAIN])).toEqual({ status: 'pending', attempts: 0, lastError: failure });
    expect(after([BEGAN, SUCCEEDED, AGAIN]).status).toBe('pending');
    expect(after([BEGAN, AGAIN]).status).toBe('discovering');
  });

  test('never makes more attempts than it may, and a disabled one none', () => {
    const event = fc.constantFrom(BEGAN, SUCCEEDED, FAILED, FINAL);
    fc.assert(
      fc.property(fc.array(event), fc.nat(4), (events, retries) => {
        expect(after(events, retries).attempts).toBeLessThanOrEqual(retries + 1);
        expect(after([...events, AGAIN], retries, DISABLED)).toEqual(DISABLED);
      }),
    );
  });
});

test.for([
  [{}, 'development'],
  [{ ENVIRONMENT: 'production' }, 'production'],
  [{ ENVIRONMENT: ' Prod ' }, 'production'],
  [{ ENVIRONMENT: 'stage', NODE_ENV: 'production' }, 'staging'],
  [{ ENVIRONMENT: '', NODE_ENV: 'test' }, 'testing'],
  [{ NODE_ENV: 'testing' }, 'testing'],
  [{ NODE_ENV: 'dev' }, 'development'],
  [{ NODE_ENV: 'develop' }, 'development'],
  [{ ENVIRONMENT: 'moon', NODE_ENV: 'production' }, 'development'],
  [{ NODE_ENV: 'constructor' }, 'development'],
] as const)('%j is %s', ([variables, environment]) => {
  expect(resolveEnvironment(variables)).toBe(environment);
});
