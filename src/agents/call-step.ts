import type { Job } from 'bullmq';
import type { StepJobData } from '../contracts/job.ts';
import { FleetError } from '../kernel/errors.ts';
import { idsOf } from '../primitives/cache/cache-key.ts';
import {
  openStepContext,
  type OpenStepContext,
  type StepContext,
  type StepContextFacts,
} from '../primitives/step-context.ts';
import { tracedCache } from '../primitives/observe/traced-cache.ts';
import type { StepFacts } from '../primitives/durable/begin-step.ts';
import type { StepNode } from '../primitives/plan/node.ts';
import type { AgentContext } from './agent.ts';
import type { ShellContext } from './shell.ts';
import type { TokenWriter } from './token-writer.ts';

/** What a handler gets beside its input. */
export function openHandlerContext(
  shell: ShellContext,
  job: Job,
  { step }: StepJobData,
  facts: StepFacts,
  attempt: Pick<StepContextFacts, 'signal' | 'state' | 'deadlineAtMs' | 'effects' | 'memo'>,
  tokens: TokenWriter,
): OpenStepContext {
  return openStepContext({
    ...attempt,
    ids: {
      attempt: job.attemptsMade + 1,
      maxAttempts: job.opts.attempts ?? 1,
      idempotencyKey: `${step.run_id}.${step.path}`,
      runId: step.run_id,
      path: step.path,
      correlationId: step.correlation_id,
    },
    context: facts.context,
    startedAtMs: facts.startedAtMs,
    metadata: {
      ...facts.metadata,
      workflow: step.workflow,
      ...(facts.userId === undefined ? {} : { player_id: facts.userId }),
      ...(step.session_id === undefined ? {} : { session_id: step.session_id }),
    },
    emitToken: (text: string) => tokens.emit(text),
    now: () => shell.clock.now(),
    random: Math.random,
  });
}

/** A step that brings its handler; what it gets was parsed by the step's own schema. */
export async function callHandler(
  shell: ShellContext,
  node: StepNode,
  input: unknown,
  ctx: StepContext,
): Promise<unknown> {
  const handler = node.run as (input: unknown, ctx: StepContext) => Promise<unknown>;
  if (node.cache === undefined) return handler(input, ctx);
  const accepts = (value: unknown): boolean => node.output.safeParse(value).success;
  // Steps of different workflows may have one name; their entries must not meet.
  const name = `${String(ctx.metadata['workflow'])}.${node.name}`;
  return tracedCache(
    shell.cache,
    node.cache,
    { name, input, ids: idsOf(ctx.metadata), signal: ctx.signal, accepts },
    (shared) => handler(structuredClone(input), { ...ctx, signal: shared }),
  );
}

/** A step without a handler: the agent of its queue does it. */
export async function callAgent(shell: ShellContext, input: unknown, ctx: AgentContext): Promise<unknown> {
  if (shell.agent !== null) return shell.agent.run(input, ctx);
  throw new FleetError({
    code: 'definition_error',
    kind: 'internal',
    retryable: false,
    message: `queue "${shell.queue}" has no agent, and the step brings no handler`,
  });
}
