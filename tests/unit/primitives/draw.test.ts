import { expect, it } from 'vitest';
import { parallel, pipe, step, when } from '../../../src/primitives/compose/combine.ts';
import { drawPlan } from '../../../src/primitives/plan/draw.ts';
import { planHash } from '../../../src/primitives/plan/hash.ts';
import { z } from 'zod';

const num = (name: string, idempotent = true) =>
  step({ name, queue: 'q', input: z.number(), output: z.number(), idempotent, run: async (n) => n });
const plan = pipe(
  num('a'),
  parallel(num('b'), num('c')),
  when('more', ([b]: [number, number]) => b > 1, num('d') as never),
).plan;

it('a plan is drawn as a flowchart', () => {
  expect(drawPlan(plan, 'mermaid')).toBe(
    [
      'flowchart TD',
      '  n0("sequence")',
      '  n1["step a"]',
      '  n2("parallel")',
      '  n3["step b"]',
      '  n4["step c"]',
      '  n5{"when more"}',
      '  n6["step d"]',
      '  n0 -->|"a"| n1',
      '  n2 -->|"0"| n3',
      '  n2 -->|"1"| n4',
      '  n0 -->|"1"| n2',
      '  n5 -->|"then"| n6',
      '  n0 -->|"more"| n5',
    ].join('\n'),
  );
});

it('as data it has its hash, the settings of its nodes, and notes', () => {
  const drawn = drawPlan(plan, 'json');
  expect(drawn.hash).toBe(planHash(plan));
  expect(drawn.nodes[1]).toEqual({
    id: 'n1',
    path: 'a',
    kind: 'step',
    name: 'a',
    settings: { kind: 'step', name: 'a', queue: 'q', idempotent: true, run: 'function' },
  });
  expect(drawn.notes.map(({ path, rule }) => `${path} ${rule}`)).toEqual(['1 unnamed_composite']);
});

it('notes what works and will be regretted', () => {
  const notes = (p: { plan: typeof plan }) => drawPlan(p.plan, 'json').notes.map(({ rule }) => rule);
  expect(notes(num('a').breaker('x').retry())).toEqual(['retry_around_breaker']);
  const retried = num('a').breaker('x').retry();
  expect(notes(retried.fallback(num('b')))).toEqual([]);
  expect(notes(num('b').fallback(retried))).toEqual(['retry_around_breaker']);
  expect(notes(pipe(num('a'), num('b', false)).retry())).toEqual(['retry_around_effects']);
});
