import { describe, expect, it } from 'vitest';
import type { PlanNode } from '../../../src/primitives/plan/node.ts';
import { MAX_CALL_DEPTH } from '../../../src/primitives/plan/callable.ts';
import { checkCalls } from '../../../src/workflows/catalog/check-calls.ts';

const call = (workflow: string, version?: number): PlanNode => ({
  kind: 'call',
  name: `${workflow}${version ?? ''}`,
  workflow,
  ...(version === undefined ? {} : { version }),
});
/** A workflow that calls the others, one after the other. */
const caller = (name: string, version: number, ...calls: PlanNode[]) => ({
  name,
  version,
  plan: { kind: 'sequence', stages: calls } as PlanNode,
});
const codes = (definitions: Parameters<typeof checkCalls>[0]): string[] =>
  checkCalls(definitions).map((problem) => `${problem.caller} ${problem.code}`);

describe('calls among definitions', () => {
  it('may lead to any that is there, the newest where no version is named', () => {
    expect(codes([caller('a', 1, call('b'), call('b', 1)), caller('b', 1), caller('b', 2)])).toEqual([]);
  });

  it('to nobody are refused, with the place and the nearest name', () => {
    const problems = checkCalls([caller('a', 1, call('storry'), call('story', 3)), caller('story', 1)]);
    expect(problems).toMatchObject([
      { caller: 'a@1', code: 'unknown_workflow', message: expect.stringContaining('did you mean "story"?') },
      { caller: 'a@1', code: 'unknown_workflow', message: 'there is no workflow story@3' },
    ]);
    expect(problems.map(({ path }) => path)).toEqual(['/storry', '/story3']);
  });

  it('that come back to where they began are refused wherever the circle is met', () => {
    const circle = [caller('a', 1, call('b')), caller('b', 1, call('c')), caller('c', 1, call('a'))];
    expect(codes(circle)).toEqual(['a@1 cyclic_call', 'b@1 cyclic_call', 'c@1 cyclic_call']);
    expect(checkCalls(circle)[0]?.message).toContain('a@1 -> b@1 -> c@1 -> a@1');
    expect(codes([caller('a', 1, call('a'))])).toEqual(['a@1 cyclic_call']);
    // Who only leads into a circle is not part of it.
    expect(codes([caller('x', 1, call('a')), caller('a', 1, call('a'))])).toEqual(['a@1 cyclic_call']);
  });

  it('of an older version of itself are no circle', () => {
    expect(codes([caller('a', 1), caller('a', 2, call('a', 1))])).toEqual([]);
    expect(codes([caller('a', 1), caller('a', 2, call('a'))])).toEqual(['a@2 cyclic_call']);
  });

  it(`stand at most ${MAX_CALL_DEPTH} below one another`, () => {
    const chain = (length: number) =>
      Array.from({ length: length + 1 }, (_, i) =>
        i === length ? caller(`w${i}`, 1) : caller(`w${i}`, 1, call(`w${i + 1}`)),
      );
    expect(codes(chain(MAX_CALL_DEPTH))).toEqual([]);
    expect(codes(chain(MAX_CALL_DEPTH + 1))).toEqual(['w0@1 call_too_deep']);
  });
});
