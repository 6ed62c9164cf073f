import type { FlowJob } from 'bullmq';
import { describe, expect, it } from 'vitest';
import { RunJobData, StepJobData } from '../../../src/contracts/job.ts';
import { PRIORITIES } from '../../../src/contracts/priority.ts';
import { newRunId } from '../../../src/kernel/ids.ts';
import { builtInWorkflows } from '../../../src/workflows/catalog/built-in.ts';
import { compileRun, stepJobId } from '../../../src/workflows/compile.ts';

const RETENTION = { completed: { ageSeconds: 60, count: 10 }, failed: { ageSeconds: 600, count: 100 } };
const SETTINGS = { runTimeoutMs: 300_000, stepTimeoutMs: { ipa: 10_000, wba: 15_000, nga: 20_000 } };
const collaborative = builtInWorkflows(SETTINGS).find((workflow) => workflow.name === 'collaborative')!;

function identity(generation = 0) {
  return { run_id: newRunId(), priority: 'normal' as const, generation, correlation_id: 'c-1' };
}

/** The jobs from the root down. */
function chain(flow: FlowJob): FlowJob[] {
  return [flow, ...(flow.children ?? []).flatMap(chain)];
}

describe('compileRun', () => {
  it('makes one nested flow: the run job on top, then the last step, down to the first', () => {
    const jobs = chain(compileRun(collaborative, identity(), 0, RETENTION));
    expect(jobs.map((job) => job.queueName)).toEqual(['flow', 'nga', 'wba', 'ipa']);
  });

  it('puts ignoreDependencyOnFailure, and no other failure option, on every edge', () => {
    for (const job of chain(compileRun(collaborative, identity(), 0, RETENTION)).slice(1)) {
      expect(job.opts).toMatchObject({ ignoreDependencyOnFailure: true });
      expect(Object.keys(job.opts ?? {}).filter((key) => key.endsWith('OnFailure'))).toEqual([
        'ignoreDependencyOnFailure',
      ]);
    }
  });

  it('gives every job an explicit priority above 0, later stages before earlier ones', () => {
    for (const priority of PRIORITIES) {
      const jobs = chain(compileRun(collaborative, { ...identity(), priority }, 0, RETENTION));
      const numbers = jobs.map((job) => job.opts!.priority!);
      expect(Math.min(...numbers)).toBeGreaterThan(0);
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    }
  });

  it('derives ids that BullMQ accepts, and fresh ones for every generation', () => {
    const run = identity();
    const first = chain(compileRun(collaborative, run, 0, RETENTION)).slice(1);
    const second = chain(compileRun(collaborative, { ...run, generation: 1 }, 0, RETENTION)).slice(1);
    const ids = [...first, ...second].map((job) => job.opts!.jobId!);
    expect(new Set(ids).size).toBe(6);
    for (const id of ids) expect(id).not.toMatch(/:|^\d+$/);
    expect(stepJobId(run.run_id, 'nga', 1)).toBe(`${run.run_id}.nga.~g1`);
  });

  it('carries data that the contract accepts, and no player text', () => {
    const [root, ...steps] = chain(
      compileRun(collaborative, { ...identity(), session_id: 's_1' }, 0, RETENTION),
    );
    expect(RunJobData.safeParse(root!.data).error).toBeUndefined();
    for (const step of steps) expect(StepJobData.safeParse(step.data).error).toBeUndefined();
  });

  it('after a failure adds only the steps without outcome, or the run job alone when there are none', () => {
    const resumed = chain(compileRun(collaborative, identity(1), 2, RETENTION));
    expect(resumed.map((job) => job.queueName)).toEqual(['flow', 'nga']);
    expect(
      chain(compileRun(collaborative, identity(1), null, RETENTION)).map((job) => job.queueName),
    ).toEqual(['flow']);
  });
});
