import { describe, expect, test } from 'vitest';
import { FULL_DIALECT, simplerDialect, type Dialect } from '../../../src/models/dialect.ts';
import { faultOfStatus, ProviderError, retryAfterOf } from '../../../src/models/provider-error.ts';
import { isFailureByDefault } from '../../../src/resilience/breaker.ts';

describe('a status', () => {
  test.for([
    [401, 'denied', false, false],
    [403, 'denied', false, false],
    [404, 'denied', false, false],
    [408, 'timeout', true, true],
    [409, 'conflict', true, false],
    [422, 'client', false, false],
    [429, 'rate_limited', true, true],
    [500, 'server', true, true],
    [529, 'server', true, true],
  ] as const)('%i is %s: repeated %s, counted by the circuit %s', ([status, fault, repeated, counted]) => {
    expect(faultOfStatus(status, '')).toBe(fault);
    const error = new ProviderError('main', { fault, status });
    expect(error.isRepeatable).toBe(repeated);
    expect(isFailureByDefault(error)).toBe(counted);
  });

  test('400 for what a filter found is a refusal', () => {
    expect(faultOfStatus(400, '{"code":"content_filter"}')).toBe('refused');
    expect(faultOfStatus(400, 'no such field')).toBe('client');
  });
});

describe('Retry-After', () => {
  const NOW = Date.parse('2026-08-01T12:00:00Z');
  test.for([
    [{ 'retry-after': '2' }, 2_000],
    [{ 'retry-after': ' 0.5 ' }, 500],
    [{ 'retry-after': 'Sat, 01 Aug 2026 12:00:10 GMT' }, 10_000],
    [{ 'retry-after': 'Sat, 01 Aug 2026 11:00:00 GMT' }, 0],
    [{ 'retry-after': '60', 'retry-after-ms': '250' }, 250],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '-1e9' }, undefined],
    [{}, undefined],
    [undefined, undefined],
  ] as const)('of %j is %s ms', ([headers, ms]) => {
    expect(retryAfterOf(headers, NOW)).toBe(ms);
  });
});

describe('a simpler dialect', () => {
  test.for([
    ["'response_format' of type json_schema is not supported", { format: 'json_object' }],
    ['Unknown parameter: stream_options', { countsStreams: false }],
    [
      "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens'",
      { tokenLimit: 'max_completion_tokens' },
    ],
    ['temperature does not support 0.7', { hasTemperature: false }],
  ] as const)('after %j leaves it out', ([complaint, change]) => {
    expect(simplerDialect(FULL_DIALECT, complaint)).toEqual({ ...FULL_DIALECT, ...change });
  });

  test('ends, however often an endpoint complains', () => {
    const complaint = 'response_format stream_options max_completion_tokens temperature';
    let dialect: Dialect | null = FULL_DIALECT;
    let steps = 0;
    while (dialect !== null && steps < 10) {
      dialect = simplerDialect(dialect, complaint);
      steps++;
    }
    expect(dialect).toBeNull();
    expect(simplerDialect(FULL_DIALECT, 'messages: too long')).toBeNull();
  });
});
