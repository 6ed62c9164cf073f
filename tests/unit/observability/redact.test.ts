import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FleetError } from '../../../src/kernel/errors.ts';
import { PLAYER_TEXT_KEYS, redact, REDACTED, SECRET_KEY_PARTS } from '../../../src/observability/redact.ts';

describe('secrets', () => {
  test.each(SECRET_KEY_PARTS)(
    'a field whose name contains "%s" is replaced at any depth, in any case',
    (part) => {
      const value = { a: [{ [`my_${part.toUpperCase()}_x`]: 'hunter2' }], [part]: { nested: 'hunter2' } };
      const copy = redact(value);
      expect(JSON.stringify(copy)).not.toContain('hunter2');
      expect(copy).toMatchObject({ [part]: REDACTED });
    },
  );

  test('credentials in addresses are hidden wherever they stand', () => {
    const error = new Error('cannot reach redis://user:hunter2@db:6379/0', {
      cause: new URL('http://a:hunter2@b/'),
    });
    const copy = redact({
      note: 'see rediss://:hunter2@db',
      err: error,
      map: new Map([['password', 'hunter2']]),
    });
    expect(JSON.stringify(copy)).not.toContain('hunter2');
    expect(copy).toMatchObject({ note: `see rediss://${REDACTED}@db` });
  });

  test('an empty secret shows that it is empty', () => {
    expect(redact({ token: null })).toEqual({ token: null });
  });
});

describe('player text', () => {
  test.each([...PLAYER_TEXT_KEYS])('%s is replaced by its length, also inside lists and objects', (name) => {
    expect(redact({ [name]: 'I love you' })).toEqual({ [name]: '[10 chars]' });
    expect(redact({ turns: [{ [name]: { parts: ['secret wish', 7] } }] })).toEqual({
      turns: [{ [name]: { parts: ['[11 chars]', 7] } }],
    });
    expect(redact({ [name]: 'shown' }, { includeContent: true })).toEqual({ [name]: 'shown' });
  });
});

describe('any value', () => {
  test('errors keep what helps to find the fault', () => {
    const cause = new Error('socket closed');
    const error = new FleetError({
      code: 'redis_unavailable',
      kind: 'unavailable',
      message: 'gone',
      details: { host: 'db', password: 'x', text: 'abc' },
      cause,
    });
    expect(redact(error)).toMatchObject({
      type: 'FleetError',
      code: 'redis_unavailable',
      kind: 'unavailable',
      message: 'gone',
      details: { host: 'db', password: REDACTED, text: '[3 chars]' },
      cause: { type: 'Error', message: 'socket closed' },
    });
    expect(redact(new AggregateError([cause], 'all'))).toMatchObject({
      errors: [{ message: 'socket closed' }],
    });
  });

  test('cycles end, and an object met twice is no cycle', () => {
    const twice = { a: 1 };
    const value: Record<string, unknown> = { first: twice, second: twice };
    value['self'] = value;
    expect(redact(value)).toEqual({ first: { a: 1 }, second: { a: 1 }, self: '[circular]' });
  });

  test('dates, bytes, sets, functions and getters that throw are bearable', () => {
    const value = {
      at: new Date(0),
      never: new Date(Number.NaN),
      bytes: Buffer.from('abc'),
      set: new Set([1]),
      big: 1n,
      fn: () => 1,
      get broken(): string {
        throw new Error('no');
      },
    };
    expect(redact(value)).toEqual({
      at: '1970-01-01T00:00:00.000Z',
      never: 'invalid date',
      bytes: '[3 bytes]',
      set: [1],
      big: '1',
      broken: '[unreadable]',
    });
  });

  test('nothing makes it throw, and the value is left alone', () => {
    fc.assert(
      fc.property(fc.object({ withBigInt: true, withDate: true, withMap: true, withSet: true }), (value) => {
        const before = structuredClone(value);
        JSON.stringify(redact(value));
        expect(value).toEqual(before);
      }),
    );
  });
});
