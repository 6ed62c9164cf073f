// `tta-agent-fleet/primitives`: composing plans, and running them in process. The guide is docs/composition.md.

export {
  each,
  fn,
  identity,
  match,
  parallel,
  pipe,
  repeatUntil,
  route,
  saga,
  step,
  waitFor,
  when,
  type Joined,
  type ParallelOptions,
  type RouteChoice,
  type SagaBuilder,
  type Settled,
  type UndoInput,
} from '../primitives/compose/combine.ts';
export type { AnyPrimitive, CacheOptions, In, Out, Primitive } from '../primitives/compose/primitive.ts';
export type { StepContext } from '../primitives/step-context.ts';
export { agent, type AgentDefinition } from '../primitives/compose/agent.ts';
export { workflow, type WorkflowOptions } from '../primitives/compose/workflow-builder.ts';
export { asPrimitive, type Workflow } from '../primitives/compose/workflow.ts';
export { defineWorkflow, type DefineOptions } from '../primitives/define/define.ts';
export { runInProcess } from '../primitives/in-process/run.ts';
export type { RunOptions, RunResult } from '../primitives/in-process/run-options.ts';
export type { StepRecord } from '../primitives/in-process/leaf-call.ts';
export { drawPlan, type DrawnNode, type DrawnPlan, type LintNote } from '../primitives/plan/draw.ts';
export { planHash } from '../primitives/plan/hash.ts';
export type { FnContext, Join, Kind, PlanNode, StoredError } from '../primitives/plan/node.ts';
export { PrimitiveError } from '../primitives/primitive-error.ts';
export { FleetError, isFleetError } from '../kernel/errors.ts';
export type { RetryPolicy } from '../resilience/backoff.ts';

// Spans and metrics of functions that are no part of a plan.
export { traced } from '../observability/tracing.ts';
export { timed } from '../primitives/observe/timed.ts';

// Choosing among equals, remembering, streaming.
export { router } from '../primitives/router/router.ts';
export type { Route, RouteDecision, RouterEvent, RouterOptions } from '../primitives/router/route-spec.ts';
export { createCache, type CacheSetup } from '../primitives/cache/cache.ts';
export type { Cache } from '../primitives/cache/cached-call.ts';
export { llmKey, type LlmKeyParts } from '../primitives/cache/llm-key.ts';
export {
  stream,
  StreamAggregate,
  type StreamContext,
  type StreamPrimitive,
} from '../primitives/stream/stream.ts';
export { buffer, filter, tap, type BufferOptions } from '../primitives/stream/operators.ts';
