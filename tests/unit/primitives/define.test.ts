import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { agent } from '../../../src/primitives/compose/agent.ts';
import { asPrimitive } from '../../../src/primitives/compose/workflow.ts';
import type { Agents } from '../../../src/primitives/define/agents.ts';
import { defineWorkflow } from '../../../src/primitives/define/define.ts';
import { linearPattern } from '../../../src/primitives/define/linear-pattern.ts';
import { definitionHash, planHash } from '../../../src/primitives/plan/hash.ts';
import type { StepNode } from '../../../src/primitives/plan/node.ts';
import { mockPrimitive } from '../../../src/primitives/testing/mock-primitive.ts';
import { testRun } from '../../../src/primitives/testing/test-run.ts';
import { threadMs } from '../../support/thread-time.ts';

const stepOf = (name: string): StepNode =>
  agent({ name, input: z.unknown(), output: z.unknown() }).plan as StepNode;
const agents: Agents = {
  ipa: { step: stepOf('ipa'), input: (scope: never) => ({ text: (scope as { input: unknown }).input }) },
  wba: { step: stepOf('wba') },
  nga: { step: stepOf('nga') },
};
const echo = (name: string) => mockPrimitive({ name, implementation: (input) => ({ [name]: input }) });
const failing = (name: string) => mockPrimitive({ name, throws: new Error(name) });
const overrides = { ipa: echo('ipa'), wba: echo('wba'), nga: echo('nga') };

async function run(definition: unknown, input: unknown, doubles: object = {}) {
  const workflow = defineWorkflow(definition, { agents });
  return testRun(asPrimitive(workflow), input, { overrides: { ...overrides, ...doubles } });
}

function problemsOf(definition: unknown, options: { workflows?: ReadonlySet<string> } = {}): string[] {
  try {
    defineWorkflow(definition, { agents, ...options });
    return [];
  } catch (error) {
    const { code, problems } = error as { code: string; problems: { path: string; code: string }[] };
    expect(code).toBe('invalid_workflow');
    return problems.map((problem) => `${problem.code} ${problem.path}`);
  }
}

describe('a compact definition', () => {
  it('runs the sequence, then each group side by side', async () => {
    const done = await run(
      {
        name: 'compact',
        workflow_type: 'collaborative',
        agent_sequence: [{ agent: 'ipa' }, { agent: 'wba' }],
        parallel_steps: [[{ agent: 'nga' }, { agent: 'wba', name: 'again' }], [{ agent: 'nga' }]],
      },
      'hi',
    );
    expect(done.output).toEqual({
      results: {
        ipa: { ipa: { text: 'hi' } },
        wba: { wba: 'hi' },
        nga: { nga: 'hi' },
        again: { wba: 'hi' },
        nga_2: { nga: 'hi' },
      },
      skipped_steps: [],
    });
    expect(done.paths.slice(0, 2)).toEqual(['ipa', 'wba']);
    expect(done.paths.at(-1)).toBe('group_2.nga_2.nga_2');
  });

  const failure = { name: 'failing', agent_sequence: [{ agent: 'ipa' }, { agent: 'wba' }] };

  it('fail_fast ends at the first failure, without another attempt', async () => {
    const doubles = { ipa: failing('ipa') };
    const done = await run(failure, 'hi', doubles);
    expect(done).toMatchObject({ status: 'failed', errorCode: 'step_failed', attempts: { ipa: 1 } });
  });

  it('retry tries three times', async () => {
    const done = await run({ ...failure, error_handling: 'retry' }, 'hi', { ipa: failing('ipa') });
    expect(done).toMatchObject({ status: 'failed', attempts: { ipa: 3 } });
  });

  it('skip_on_error goes on, degraded, and fails only when everything did', async () => {
    const skipping = { ...failure, error_handling: 'skip_on_error' };
    expect(await run(skipping, 'hi', { ipa: failing('ipa') })).toMatchObject({
      output: { results: { ipa: null, wba: { wba: 'hi' } }, skipped_steps: ['ipa'] },
      isDegraded: true,
    });
    const both = { ipa: failing('ipa'), wba: failing('wba') };
    expect(await run(skipping, 'hi', both)).toMatchObject({ status: 'failed', errorCode: 'step_failed' });
  });
});

describe('what a definition is refused for, before anything runs', () => {
  const one = { name: 'one', agent_sequence: [{ agent: 'ipa' }] };
  const call = { agent: 'ipa' };
  it.each([
    ['empty_workflow ', { name: 'none', agent_sequence: [], parallel_steps: [[]] }],
    ['invalid_name /name', { ...one, name: 'Upper' }],
    ['invalid_name /name', { ...one, name: 7 }],
    ['invalid_name /name', { agent_sequence: [call] }],
    ['invalid_name /no name', { ...one, agent_sequence: [{ agent: 'ipa', name: 'no name' }] }],
    ['duplicate_step_name ', { ...one, agent_sequence: [call, { agent: 'wba', name: 'ipa' }] }],
    ['invalid_timeout /timeout_ms', { ...one, timeout_config: { total_seconds: 0 } }],
    [
      'invalid_timeout /timeout_config/total_seconds',
      { ...one, timeout_config: { total_seconds: Infinity } },
    ],
    ['invalid_timeout /timeout_config/total_seconds', { ...one, timeout_config: { total_seconds: 'long' } }],
    ['invalid_timeout /ipa/body', { ...one, timeout_config: { per_step_seconds: -1 } }],
    ['invalid_timeout /ipa/body', { ...one, timeout_config: { per_step_seconds: 2, total_seconds: 1 } }],
    ['unknown_agent /agent_sequence/0/agent', { ...one, agent_sequence: [{ agent: 'poet' }] }],
    ['too_many_steps ', { ...one, agent_sequence: Array.from({ length: 201 }, () => call) }],
    ['invalid_definition /version', { ...one, version: 0 }],
    ['invalid_definition ', []],
    ['invalid_definition ', null],
  ])('%s', (problem, definition) => {
    expect(problemsOf(definition)).toContain(problem);
  });

  it('an agent whose own limit is longer than the whole gets the whole, not a refusal', () => {
    const slow: Agents = { ipa: { step: { ...stepOf('ipa'), timeoutMs: 10_000 } } };
    const definition = { ...one, timeout_config: { total_seconds: 1.0004 } };
    const { plan, timeoutMs } = defineWorkflow(definition, { agents: slow });
    expect(timeoutMs).toBe(1000);
    expect(JSON.stringify(plan)).toContain('"timeoutMs":1000');
  });
});

describe('what an agent takes by default', () => {
  it('is the input and the newest result of each agent before it, whatever the steps are called', async () => {
    const seen: Agents = {
      ipa: { step: stepOf('ipa') },
      wba: { step: stepOf('wba') },
      nga: { step: stepOf('nga'), input: (before: never) => before },
    };
    const definition = {
      name: 'named',
      agent_sequence: [{ agent: 'ipa', name: 'hear' }, { agent: 'wba' }, { agent: 'nga', name: 'tell' }],
      parallel_steps: [
        [
          { agent: 'ipa', name: 'again' },
          { agent: 'nga', name: 'beside' },
        ],
        [{ agent: 'nga' }],
      ],
    };
    const workflow = defineWorkflow(definition, { agents: seen });
    let heard = 0;
    const ipa = mockPrimitive({ name: 'ipa', implementation: () => ({ heard: (heard += 1) }) });
    const nga = mockPrimitive({ name: 'nga', implementation: (input) => input });
    const done = await testRun(asPrimitive(workflow), 'hi', { overrides: { ...overrides, ipa, nga } });
    const tell = { input: 'hi', ipa: { heard: 1 }, wba: { wba: 'hi' } };
    const { results } = done.output as { results: Record<string, unknown> };
    expect(results['tell']).toEqual(tell);
    // Those of one group do not know each other; the next group knows both.
    expect(results['beside']).toEqual({ ...tell, nga: tell });
    expect(results['nga']).toMatchObject({ ipa: { heard: 2 }, nga: results['beside'] });
    expect(workflow.defaults.map(({ queue, after }) => [queue, after.length])).toEqual([
      ['ipa', 0],
      ['wba', 1],
      ['nga', 2],
      ['ipa', 3],
      ['nga', 3],
      ['nga', 5],
    ]);
  });
});

describe('a full definition', () => {
  const ref = ($ref: string) => ({ $ref });
  const full = {
    name: 'full',
    nodes: [
      { kind: 'step', id: 'ipa', agent: 'ipa', input: { said: ref('input.text'), kind: 'player' } },
      {
        kind: 'when',
        id: 'long',
        test: {
          and: [
            { ref: 'input.text', op: 'matches', value: '^h.+o$' },
            { not: { ref: 'input.no', op: 'exists' } },
          ],
        },
        do: [{ kind: 'step', id: 'more', agent: 'wba', input: [ref('steps.ipa.ipa.said')] }],
        else: [{ kind: 'step', id: 'less', agent: 'nga', input: null }],
      },
      {
        kind: 'map',
        id: 'all',
        items: ref('input.list'),
        nodes: [{ kind: 'step', id: 'one', agent: 'nga', input: { item: ref('item'), index: ref('index') } }],
      },
      {
        kind: 'route',
        id: 'way',
        on: ref('input.way'),
        branches: { left: [{ kind: 'step', id: 'l', agent: 'nga', input: 1 }] },
        default: [{ kind: 'step', id: 'd', agent: 'nga', input: 2 }],
      },
      {
        kind: 'parallel',
        id: 'sides',
        join: 'settled',
        branches: { a: [{ kind: 'step', id: 'x', agent: 'nga', fallback: { value: 'plan b' } }] },
      },
    ],
    output: {
      more: ref('steps.long.more.wba'),
      all: ref('steps.all'),
      way: ref('steps.way'),
      none: ref('steps.long.less'),
    },
  };

  it('reads references and conditions, and nothing else', async () => {
    const done = await run(full, { text: 'hello', list: ['a'], way: 'constructor' });
    expect(done.output).toEqual({
      more: ['hello'],
      all: [{ one: { nga: { item: 'a', index: 0 } } }],
      way: { d: { nga: 2 } },
      none: undefined,
    });
    expect(done.branches.map(({ branch }) => branch)).toEqual(['then', 'default']);
  });

  it('is refused with everything that is wrong', () => {
    const step = (id: string, more: object = {}) => ({ kind: 'step', id, agent: 'ipa', ...more });
    expect(
      problemsOf({
        name: 'Bad',
        nodes: [
          step('a', { input: ref('steps.b') }),
          step('b', { agent: 'ibo', timeout_ms: -1 }),
          step('c', { timeout_ms: 400_000 }),
          {
            kind: 'when',
            id: 'w',
            test: { ref: 'input', op: 'matches', value: '(a)\\1' },
            do: [step('a')],
          },
          { kind: 'call', id: 'k', workflow: 'Bad', input: 1 },
        ],
        output: ref('steps.w.a'),
      }),
    ).toEqual([
      'unknown_ref /nodes/0/input',
      'unknown_agent /nodes/1/agent',
      'definition_error /nodes/3/test',
      'duplicate_step_name /w/a',
      'cyclic_call /k/body',
      'invalid_name /name',
      'invalid_timeout /c/body',
    ]);
    const hollow = { name: 'x', nodes: [{ kind: 'call', id: 'k', workflow: 'y' }] };
    expect(() => defineWorkflow(hollow, { agents })).toThrow(
      'workflow "x": /nodes/0/input: is missing (and 1 more)',
    );
    expect(problemsOf({ name: 'none', agent_sequence: [] })).toEqual(['empty_workflow ']);
    expect(problemsOf({ name: 'x', agents: [] })).toEqual(['invalid_definition ']);
    let deep: unknown = 1;
    for (let level = 0; level < 10_000; level++) deep = [deep];
    expect(problemsOf({ name: 'x', nodes: [], output: deep })).toEqual(['invalid_definition ']);
    const call = { name: 'x', nodes: [{ kind: 'call', id: 'k', workflow: 'y', input: 1 }], output: 1 };
    expect(problemsOf(call, { workflows: new Set(['z']) })).toEqual(['unknown_workflow /k/body']);
  });

  it('its hash is that of its structure: other names and policies give another, other texts do not', () => {
    const hashOf = (change: object) => planHash(defineWorkflow({ ...full, ...change }, { agents }).plan);
    expect(hashOf({})).toBe(hashOf({ output: 1 }));
    const first = (change: object) => hashOf({ nodes: [{ ...full.nodes[0], ...change }], output: 1 });
    expect(first({ input: 5 })).toBe(first({}));
    const hashes = [first({}), first({ id: 'b' }), first({ agent: 'nga' }), first({ timeout_ms: 5 })];
    expect(new Set(hashes).size).toBe(4);
    expect(definitionHash(full)).toBe(definitionHash(Object.fromEntries(Object.entries(full).toReversed())));
    expect(definitionHash(full)).not.toBe(definitionHash({ ...full, output: 1 }));
  });
});

describe('a pattern', () => {
  it.each([
    ['^ab+c?$', ['ab', 'abbc'], ['a', 'xab', 'abcc']],
    ['(ab|c){2,3}', ['abc', 'xccc'], ['ab']],
    ['^[^a-c]\\d{2}$', ['d12', 'é34'], ['a12', 'd1']],
    ['\\.', ['a.b'], ['ab']],
    ['', ['', 'x'], []],
    ['a|^$', ['', 'xa'], ['x']],
    ['^(a*)*$', ['', 'aaa'], ['b']],
  ])('%s', (pattern, yes, no) => {
    const compiled = linearPattern(pattern);
    expect(yes.filter((text) => !compiled.test(text))).toEqual([]);
    expect(no.filter((text) => compiled.test(text))).toEqual([]);
  });

  it('takes time linear in the text', () => {
    const startedAt = threadMs();
    expect(linearPattern('^(a+)+(a|a)*$').test(`${'a'.repeat(9000)}b`)).toBe(false);
    expect(threadMs() - startedAt).toBeLessThan(1000);
  });

  it.each(['(a)\\1', '(?=a)', 'a{3,2}', '(', ')', '[a', '*', 'a\\', 'x'.repeat(201), '((a{99}){99}){99}'])(
    '%s is refused',
    (pattern) => expect(() => linearPattern(pattern)).toThrow(SyntaxError),
  );
});
