import { expect, test } from 'vitest';
import { COORDINATION_SEGMENTS, createCoordinationKeys } from '../../src/coordination/keys.ts';
import { CIRCUIT_SEGMENTS, createCircuitKeys } from '../../src/resilience/shared/keys.ts';
import { createKeys, RESERVED_SEGMENTS } from '../../src/redis/keys.ts';
import { documentedKeys } from './documented-keys.ts';

/** `run(runId)` with the names of its parameters for values: `<pfx>:wf:runs:<runId>`. */
function builtKeys(): string[] {
  const builders: Record<string, unknown> = {
    ...createKeys('<pfx>'),
    ...createCoordinationKeys('<pfx>'),
    ...createCircuitKeys('<pfx>'),
  };
  return Object.entries(builders).flatMap(([name, build]) => {
    if (typeof build !== 'function') return [];
    const parameters = /^\(?([^)=]*)\)?\s*=>/.exec(String(build))?.[1]?.split(',') ?? [];
    const values = parameters.map((parameter) => `<${parameter.trim()}>`);
    return [`${name} ${(build as (...values: string[]) => string)(...values)}`];
  });
}

test('every function that builds keys is documented with the key it builds, and no other', () => {
  expect(documentedKeys().map(({ name, key }) => `${name} ${key}`)).toEqual(builtKeys());
});

test('every key says what it is, what it holds and how long it lives', () => {
  const types = ['hash', 'list', 'set', 'zset', 'stream', 'string', 'channel', 'prefix'];
  for (const { name, type, holds, lives } of documentedKeys()) {
    expect(types, name).toContain(type);
    expect(`${holds}|${lives}`, name).toMatch(/^.+\|.+$/);
  }
});

test('the words after the prefix are the reserved ones', () => {
  const words = new Set(documentedKeys().map(({ key }) => key.split(':')[1] ?? ''));
  expect([...words].sort()).toEqual(
    [...new Set([...RESERVED_SEGMENTS, ...COORDINATION_SEGMENTS, ...CIRCUIT_SEGMENTS])].sort(),
  );
});
