import { setImmediate as soon } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Later } from '../../../src/primitives/observe/later.ts';

it('what can wait is told in order, after everything that is due at once', async () => {
  const later = new Later();
  const told: string[] = [];
  later.push(() => told.push('first'));
  later.push(() => {
    told.push('second');
    later.push(() => told.push('third'));
  });
  await Promise.resolve();
  expect(told).toEqual([]);
  await soon();
  await soon();
  expect(told).toEqual(['first', 'second', 'third']);
});

it('a process that never rests does not pile up what it has to tell', async () => {
  const later = new Later();
  let told = 0;
  for (let n = 0; n < 10_000; n++) later.push(() => (told += 1));
  expect(told).toBeGreaterThan(9_000);
  await soon();
  expect(told).toBe(10_000);
});
