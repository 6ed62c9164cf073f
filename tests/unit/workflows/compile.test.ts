import type { FlowJob } from 'bullmq';
import { narrate } from '../../../src/agents/nga/narrate.ts';
import { describe, expect, it } from 'vitest';
import { RunJobData, StepJobData } from '../../../src/contracts/job.ts';
import { PRIORITIES } from '../../../src/contracts/priority.ts';
import { newRunId } from '../../../src/kernel/ids.ts';
import { builtInWorkflows } from '../../../src/workflows/catalog/built-in.ts';
import { compileChildren, compileRunJob, stepJobId, type Compiler } from '../../../src/workflows/compile.ts';
import { advance } from '../../../src/primitives/advance/advance.ts';

const SETTINGS = { runTimeoutMs: 300_000, stepTimeoutMs: { ipa: 10_000, wba: 15_000, nga: 20_000 } };
const collaborative = builtInWorkflows(SETTINGS, narrate).find(
  (workflow) => workflow.name === 'collaborative',
)!;

function identity(generation = 0) {
  return { run_id: newRunId(), priority: 'normal' as const, generation, correlation_id: 'c-1' };
}

/** The jobs of a run of the built-in chain for which these steps have a result already. */
function compileRun(run: Compiler['run'], results: Record<string, unknown> = {}): FlowJob {
  const compiler = { definition: collaborative, run };
  const facts = { results, errors: {}, decisions: {}, signals: {}, nowMs: 0 };
  const next = advance(collaborative.plan, { text: 'look' }, facts);
  return compileRunJob(
    compiler,
    '',
    compileChildren(compiler, '', next).map((child) => child.flow),
  );
}

/** The jobs from the root down. */
function chain(flow: FlowJob): FlowJob[] {
  return [flow, ...(flow.children ?? []).flatMap(chain)];
}

describe('compileRun', () => {
  it('makes one nested flow: the run job on top, then the last step, down to the first', () => {
    const jobs = chain(compileRun(identity()));
    expect(jobs.map((job) => job.queueName)).toEqual(['flow', 'nga', 'wba', 'ipa']);
  });

  it('puts ignoreDependencyOnFailure, and no other failure option, on every edge', () => {
    for (const job of chain(compileRun(identity())).slice(1)) {
      expect(job.opts).toMatchObject({ ignoreDependencyOnFailure: true });
      expect(Object.keys(job.opts ?? {}).filter((key) => key.endsWith('OnFailure'))).toEqual([
        'ignoreDependencyOnFailure',
      ]);
    }
  });

  it('gives every job an explicit priority above 0, later stages before earlier ones', () => {
    for (const priority of PRIORITIES) {
      const jobs = chain(compileRun({ ...identity(), priority }));
      const numbers = jobs.map((job) => job.opts!.priority!);
      expect(Math.min(...numbers)).toBeGreaterThan(0);
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    }
  });

  it('derives ids that BullMQ accepts, and fresh ones for every generation', () => {
    const run = identity();
    const first = chain(compileRun(run)).slice(1);
    const second = chain(compileRun({ ...run, generation: 1 })).slice(1);
    const ids = [...first, ...second].map((job) => job.opts!.jobId!);
    expect(new Set(ids).size).toBe(6);
    for (const id of ids) expect(id).not.toMatch(/:|^\d+$/);
    expect(stepJobId(run.run_id, 'nga', 1)).toBe(`${run.run_id}.nga.~g1`);
  });

  it('carries data that the contract accepts, and no player text', () => {
    const [root, ...steps] = chain(compileRun({ ...identity(), session_id: 's_1' }));
    expect(RunJobData.safeParse(root!.data).error).toBeUndefined();
    for (const step of steps) expect(StepJobData.safeParse(step.data).error).toBeUndefined();
  });

  it('after a failure adds only the steps without outcome, or the run job alone when there are none', () => {
    const resumed = chain(compileRun(identity(1), { ipa: {}, wba: {} }));
    expect(resumed.map((job) => job.queueName)).toEqual(['flow', 'nga']);
    expect(chain(compileRun(identity(1), { ipa: {}, wba: {}, nga: {} })).map((job) => job.queueName)).toEqual(
      ['flow'],
    );
  });
});
