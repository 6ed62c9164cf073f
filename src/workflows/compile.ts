import type { FlowJob } from 'bullmq';
import { runJobOptions, stepJobOptions, type Retention } from '../../queues/job-options.ts';
import { JOB_DATA_VERSION, type RunJobData, type StepJobData } from '../contracts/job.ts';
import { jobPriority, type Priority } from '../contracts/priority.ts';
import type { RunId, SessionId } from '../kernel/ids.ts';
import type { WorkflowDefinition } from './definition.ts';

/** What the jobs of a run carry from its record. */
export interface RunIdentity {
  readonly run_id: string;
  readonly priority: Priority;
  readonly generation: number;
  readonly correlation_id: string;
  readonly session_id?: string | undefined;
  readonly world_id?: string | undefined;
  readonly request_id?: string | undefined;
  readonly traceparent?: string | undefined;
}

/** A step's job id; whatever is added again carries its generation, because a used id is never used again. */
export function stepJobId(runId: string, path: string, generation: number): string {
  return generation === 0 ? `${runId}.${path}` : `${runId}.${path}.~g${generation}`;
}

/**
 * The whole of a run as one flow: the run job is the root, below it the last step, below that the one before
 * it, down to the first step without an outcome. Added with one call, all or nothing.
 *
 * @param fromStep  null: every step has its outcome, only the run job is needed
 */
export function compileRun(
  definition: WorkflowDefinition,
  run: RunIdentity,
  fromStep: number | null,
  retention: Retention,
): FlowJob {
  const data: RunJobData = {
    v: JOB_DATA_VERSION,
    run_id: run.run_id as RunId,
    workflow: definition.name,
    version: definition.version,
    generation: run.generation,
    correlation_id: run.correlation_id,
    ...(run.session_id === undefined ? {} : { session_id: run.session_id as SessionId }),
  };
  return {
    name: definition.name,
    queueName: 'flow',
    data,
    opts: runJobOptions(
      { jobId: run.run_id, priority: jobPriority(run.priority, definition.steps.length) },
      retention,
    ),
    ...(fromStep === null ? {} : { children: [compileSegment(definition, run, fromStep, retention)] }),
  };
}

/** The chain of steps from `fromStep` to the end, nested: a step is the parent of the one before it. */
export function compileSegment(
  definition: WorkflowDefinition,
  run: RunIdentity,
  fromStep: number,
  retention: Retention,
): FlowJob {
  let flow: FlowJob | undefined;
  for (const [index, step] of definition.steps.entries()) {
    if (index < fromStep) continue;
    const data: StepJobData = {
      v: JOB_DATA_VERSION,
      step: {
        run_id: run.run_id as RunId,
        workflow: definition.name,
        version: definition.version,
        path: step.id,
        generation: run.generation,
        correlation_id: run.correlation_id,
        ...(run.session_id === undefined ? {} : { session_id: run.session_id as SessionId }),
        ...(run.world_id === undefined ? {} : { world_id: run.world_id }),
        ...(run.request_id === undefined ? {} : { request_id: run.request_id }),
        ...(run.traceparent === undefined ? {} : { traceparent: run.traceparent }),
      },
      retry: step.retry,
    };
    flow = {
      name: step.id,
      queueName: step.agent,
      data,
      opts: stepJobOptions(
        {
          jobId: stepJobId(run.run_id, step.id, run.generation),
          priority: jobPriority(run.priority, index),
          retry: step.retry,
        },
        retention,
      ),
      ...(flow === undefined ? {} : { children: [flow] }),
    };
  }
  if (flow === undefined) throw new RangeError(`workflow "${definition.name}" has no step ${fromStep}`);
  return flow;
}
