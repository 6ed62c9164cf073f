import { describe, expect, it } from 'vitest';
import type { PlanNode } from '../../../../src/primitives/plan/node.ts';
import { mapLeaves } from '../../../../src/primitives/testing/map-plan.ts';
import { multiAgentWorkflow } from '../../../../src/workflows/examples/multi-agent.ts';
import { runExample, testPorts } from '../../../support/example-ports.ts';

const REQUEST =
  'Compute the average of 4, 8 and 12. Find out where the lighthouse stands; check whether the market opens in the ' +
  'morning, then summarize: a lantern is worth two favours, bread is worth one.';

const planning = (subtasks: unknown) =>
  testPorts(({ prompt }) =>
    prompt.startsWith('Split the request') ? JSON.stringify({ subtasks }) : undefined,
  );

describe('multi_agent', () => {
  it('every agent does its part, and the report has what each took', async () => {
    const run = await runExample(multiAgentWorkflow(testPorts()), { request: REQUEST });
    expect(run.output).toEqual({
      status: 'complete',
      results: {
        data_analyst: '3 numbers from 4 to 12, sum 24, mean 8.',
        researcher: 'The lighthouse stands where the river meets the sea [1].',
        fact_checker: 'Supported by "The market".',
        summarizer: 'In short: a lantern is worth two favours.',
      },
      failed: [],
      metrics: { data_analyst: 0, researcher: 0, fact_checker: 0, summarizer: 0 },
    });
    expect(run.isDegraded).toBe(false);
  });

  it.for(['painter', 'constructor', '__proto__', 'toString'])(
    'an agent "%s" that nobody knows fails its own subtask alone',
    async (agent) => {
      const ports = planning([
        { agent, task: 'paint' },
        { agent: 'data_analyst', task: 'sum 1 2' },
      ]);
      const run = await runExample(multiAgentWorkflow(ports), { request: 'both' });
      expect(run.output).toMatchObject({
        status: 'partial',
        results: { data_analyst: '2 numbers from 1 to 2, sum 3, mean 1.5.' },
        failed: [{ agent, task: 'paint', error: 'no_case' }],
      });
    },
  );

  it('an agent that fails leaves the others their results', async () => {
    const ports = testPorts(({ prompt }) => {
      if (prompt.startsWith('You are the summarizer')) throw new Error('out of words');
      return undefined;
    });
    const run = await runExample(multiAgentWorkflow(ports), { request: REQUEST });
    expect(run.output).toMatchObject({
      status: 'partial',
      failed: [{ agent: 'summarizer', error: 'step_failed' }],
    });
    expect(Object.keys((run.output as { results: object }).results)).toHaveLength(3);
  });

  it('when nobody succeeds the run fails, and says why', async () => {
    const ports = planning([{ agent: 'painter', task: 'paint' }]);
    const run = await runExample(multiAgentWorkflow(ports), { request: 'paint' });
    expect(run).toMatchObject({
      status: 'failed',
      errorCode: 'all_subtasks_failed',
      attempts: { report: 1 },
    });
    expect(run.error?.message).toContain('painter: no_case');
  });

  it('two subtasks of one agent keep both results', async () => {
    const ports = planning([
      { agent: 'data_analyst', task: 'sum 1' },
      { agent: 'data_analyst', task: 'sum 2' },
    ]);
    const run = await runExample(multiAgentWorkflow(ports), { request: 'sums' });
    expect(Object.keys((run.output as { results: object }).results)).toEqual([
      'data_analyst',
      'data_analyst_2',
    ]);
  });

  it('a subtask goes to the step of its priority', async () => {
    const run = await runExample(multiAgentWorkflow(testPorts()), {
      request: 'Immediately compute the sum of 1 and 2.',
    });
    const [path] = run.paths.filter((one) => one.startsWith('subtasks.'));
    expect(path).toBe('subtasks.0.work.agent.data_analyst.priority.critical.data_analyst');
    const priorities = new Set<string | undefined>();
    mapLeaves(multiAgentWorkflow(testPorts()).plan, (leaf: PlanNode) => {
      if (leaf.kind === 'step' && leaf.name === 'data_analyst') priorities.add(leaf.priority);
      return leaf;
    });
    expect([...priorities]).toEqual(['critical', 'high', 'normal', 'low']);
  });

  it.for([
    ['no JSON', 'Let us begin!'],
    ['no subtask', '{"subtasks": []}'],
    ['an unknown priority', '{"subtasks": [{"agent": "researcher", "task": "x", "priority": "asap"}]}'],
    [
      'too many subtasks',
      JSON.stringify({ subtasks: Array.from({ length: 21 }, () => ({ agent: 'a', task: 'b' })) }),
    ],
  ])('a plan with %s is asked for again, and fails in the end', async ([, reply]) => {
    const ports = testPorts(() => reply);
    const run = await runExample(multiAgentWorkflow(ports), { request: 'anything' });
    expect(run).toMatchObject({ status: 'failed', errorCode: 'output_invalid', attempts: { plan: 3 } });
  });

  it.for([[''], ['...'], ['x'.repeat(4001)], [undefined]])('%j is no request', ([request]) => {
    expect(() => runExample(multiAgentWorkflow(testPorts()), { request })).toThrow();
  });
});
