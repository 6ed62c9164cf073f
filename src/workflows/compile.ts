import type { FlowJob } from 'bullmq';
import { specOf } from '../../queues/catalogue.ts';
import { runJobOptions, stepJobOptions } from '../../queues/job-options.ts';
import { JOB_DATA_VERSION, type RunJobData, type StepJobData } from '../contracts/job.ts';
import { jobPriority, type Priority } from '../contracts/priority.ts';
import type { RetryPolicy } from '../contracts/retry.ts';
import type { RunContext } from '../contracts/run-context.ts';
import type { RunId, SessionId } from '../kernel/ids.ts';
import type { Continuation, LeafToAdd } from '../primitives/advance/facts.ts';
import type { CallNode, StepNode } from '../primitives/plan/node.ts';
import { runJobIdOf } from '../primitives/durable/run-record.ts';
import { placeAmongLeaves, staticLeaves } from '../primitives/plan/leaves.ts';
import type { WorkflowDefinition } from './definition.ts';

/** What the jobs of a run carry from its record. */
export interface RunIdentity {
  readonly run_id: string;
  readonly priority: Priority;
  readonly generation: number;
  readonly job_id?: string | undefined;
  readonly called_by?: object | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  readonly context?: RunContext | undefined;
  readonly correlation_id: string;
  readonly session_id?: string | undefined;
  readonly world_id?: string | undefined;
  readonly request_id?: string | undefined;
  readonly traceparent?: string | undefined;
}

export interface Compiler {
  readonly definition: WorkflowDefinition;
  readonly run: RunIdentity;
}

export const ALARM_JOB = 'wf-alarm';

/** A job id below a run; whatever is added again carries its generation, because a used id is never used again. */
export function stepJobId(runId: string, path: string, generation: number): string {
  return generation === 0 ? `${runId}.${path}` : `${runId}.${path}.~g${generation}`;
}

/** The job that decides for a whole run (`scope` empty) or for one branch of several steps. */
export function compileRunJob(compiler: Compiler, scope: string, children: readonly FlowJob[]): FlowJob {
  const { definition, run } = compiler;
  const data: RunJobData = {
    v: JOB_DATA_VERSION,
    run_id: run.run_id as RunId,
    workflow: definition.name,
    version: definition.version,
    correlation_id: run.correlation_id,
    ...(scope === '' ? {} : { scope }),
    ...(run.session_id === undefined ? {} : { session_id: run.session_id as SessionId }),
  };
  const jobId = scope === '' ? runJobIdOf(run) : stepJobId(run.run_id, scope, run.generation);
  const priority = jobPriority(run.priority, staticLeaves(definition.plan).length);
  return {
    name: definition.name,
    queueName: 'flow',
    data,
    opts: {
      ...runJobOptions({ jobId, priority }),
      ...(scope === '' && run.called_by === undefined ? {} : { ignoreDependencyOnFailure: true }),
    },
    ...(children.length === 0 ? {} : { children: [...children] }),
  };
}

/** One child of a run job: what it is for, and the id by which it is known to be there. */
export interface Child {
  readonly id: string;
  readonly path: string;
  /** The queue of its first job. */
  readonly agent: string;
  readonly flow: FlowJob;
}

/**
 * What must stand below the run job of a scope, as nested flows: a chain of steps without a decision is one flow
 * whose top is its last step; a branch of several steps is a run job of its own. Calls are left to who can start runs.
 */
export function compileChildren(compiler: Compiler, scope: string, next: Continuation): Child[] {
  const segments = next.add.flatMap((leaf) =>
    isIn(scope, leaf) && leaf.node.kind === 'step' ? [compileSegment(compiler, leaf, leaf.node)] : [],
  );
  const branches = [...next.openScopes]
    .filter((branch) => parentScope(branch, next.openScopes) === scope)
    .map((branch): Child => {
      const id = stepJobId(compiler.run.run_id, branch, compiler.run.generation);
      return { id, path: branch, agent: 'flow', flow: compileRunJob(compiler, branch, []) };
    });
  return [...segments, ...branches];
}

/** The runs that the run job of a scope must call. */
export function callsIn(scope: string, next: Continuation): CallToMake[] {
  return next.add.flatMap((leaf) =>
    isIn(scope, leaf) && leaf.node.kind === 'call' ? [{ leaf, node: leaf.node }] : [],
  );
}

export interface CallToMake {
  readonly leaf: LeafToAdd;
  readonly node: CallNode;
}

function isIn(scope: string, { scopes }: LeafToAdd): boolean {
  return (scopes.at(-1) ?? '') === scope;
}

/** The innermost open branch around a branch; '' when the run itself is. */
function parentScope(branch: string, open: ReadonlySet<string>): string {
  let end = branch.lastIndexOf('.');
  while (end > 0 && !open.has(branch.slice(0, end))) end = branch.lastIndexOf('.', end - 1);
  return branch.slice(0, Math.max(0, end));
}

function compileSegment(compiler: Compiler, leaf: LeafToAdd, step: StepNode): Child {
  const { definition, run } = compiler;
  let flow: FlowJob | undefined;
  let after: string | undefined;
  let top = leaf.path;
  const chain = definition.mode === 'stepwise' ? [] : leaf.chain;
  for (const { path, node } of [{ path: leaf.path, node: step }, ...chain]) {
    const retry = retryOf(node);
    const data: StepJobData = {
      v: JOB_DATA_VERSION,
      step: {
        run_id: run.run_id as RunId,
        workflow: definition.name,
        version: definition.version,
        path,
        generation: run.generation,
        correlation_id: run.correlation_id,
        ...(after === undefined ? {} : { after }),
        ...(node.recentTurns ? { recent_turns: node.recentTurns } : {}),
        ...(run.session_id === undefined ? {} : { session_id: run.session_id as SessionId }),
        ...(run.world_id === undefined ? {} : { world_id: run.world_id }),
        ...(run.request_id === undefined ? {} : { request_id: run.request_id }),
        ...(run.traceparent === undefined ? {} : { traceparent: run.traceparent }),
      },
      ...(isQueueDefault(node.queue, retry) ? {} : { retry }),
    };
    const priority = node.priority ?? run.priority;
    flow = {
      name: node.name,
      queueName: node.queue,
      data,
      opts: stepJobOptions({
        jobId: stepJobId(run.run_id, path, run.generation),
        priority: jobPriority(priority, placeAmongLeaves(definition.plan, path)),
        attempts: retry.max_attempts,
      }),
      ...(flow === undefined ? {} : { children: [flow] }),
    };
    after = path;
    top = path;
  }
  return {
    id: stepJobId(run.run_id, top, run.generation),
    path: leaf.path,
    agent: step.queue,
    flow: flow!,
  };
}

/**
 * Nobody sleeps through a pause: a delayed job that does nothing keeps its run job waiting.
 *
 * @param used  ids of alarms that have rung: the run may have to go back to a pause it was woken from
 */
export function compileAlarm(
  compiler: Compiler,
  scope: string,
  atMs: number,
  nowMs: number,
  used: (id: string) => boolean = () => false,
): Child {
  const { run } = compiler;
  const idOf = (round: number): string =>
    `${run.run_id}.${scope === '' ? '' : `${scope}.`}~a${atMs}${round === 0 ? '' : `.${round}`}.~g${run.generation}`;
  let round = 0;
  while (used(idOf(round))) round += 1;
  const id = idOf(round);
  return {
    id,
    path: scope,
    agent: 'maintenance',
    flow: {
      name: ALARM_JOB,
      queueName: 'maintenance',
      data: { run_id: run.run_id },
      opts: {
        jobId: id,
        priority: 1,
        delay: Math.max(0, Math.ceil(atMs - nowMs)),
        ignoreDependencyOnFailure: true,
      },
    },
  };
}

function isQueueDefault(queue: string, policy: RetryPolicy): boolean {
  const own = specOf(queue).retry;
  return (Object.keys(own) as (keyof RetryPolicy)[]).every((key) => own[key] === policy[key]);
}

function retryOf(node: StepNode): RetryPolicy {
  const policy = node.retry;
  if (policy === undefined) {
    return { max_attempts: 1, base_delay_ms: 1000, factor: 2, max_delay_ms: 60_000, jitter: 0.5 };
  }
  return {
    max_attempts: policy.maxAttempts,
    base_delay_ms: policy.baseDelayMs,
    factor: policy.factor,
    max_delay_ms: policy.maxDelayMs,
    jitter: policy.jitter,
  };
}
