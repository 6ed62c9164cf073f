import { z } from 'zod';
import type { JsonValue } from '../../kernel/json.ts';
import { DefinitionVersion } from '../../contracts/definition.ts';
import { PRIORITIES } from '../../contracts/priority.ts';
import type { OnFailure } from '../effects/effect.ts';

// What a definition without code looks like. Numbers are checked with the plan, where their codes are known.

export const COMPARISONS = [
  'eq',
  'ne',
  'in',
  'not_in',
  'gt',
  'gte',
  'lt',
  'lte',
  'exists',
  'matches',
] as const;

export type JsonPredicate =
  | {
      readonly ref: string;
      readonly op: (typeof COMPARISONS)[number];
      readonly value?: JsonValue | undefined;
    }
  | { readonly and: readonly JsonPredicate[] }
  | { readonly or: readonly JsonPredicate[] }
  | { readonly not: JsonPredicate };

/** A literal, or `{"$ref": "steps.ipa.intent"}` anywhere inside one. */
const Value: z.ZodType<JsonValue> = z.json().meta({ id: 'JsonValue' });
const Ref = z.strictObject({ $ref: z.string() });

const Predicate: z.ZodType<JsonPredicate> = z
  .lazy(() =>
    z.union([
      z.strictObject({ ref: z.string(), op: z.enum(COMPARISONS), value: Value.optional() }),
      z.strictObject({ and: z.array(Predicate).min(1) }),
      z.strictObject({ or: z.array(Predicate).min(1) }),
      z.strictObject({ not: Predicate }),
    ]),
  )
  .meta({ id: 'WorkflowPredicate' });

const JoinShape = z.union([
  z.enum(['all', 'settled']),
  z.strictObject({ at_least: z.number() }).transform(({ at_least }) => ({ atLeast: at_least })),
]);

const Retry = z.strictObject({
  attempts: z.number(),
  delay_ms: z.number().optional(),
  max_delay_ms: z.number().optional(),
  factor: z.number().optional(),
  jitter: z.number().optional(),
});

const Other = z.strictObject({ agent: z.string(), input: Value.optional() });

const StepShape = z.strictObject({
  kind: z.literal('step'),
  id: z.string(),
  agent: z.string(),
  /** Absent: what the agent takes by default. */
  input: Value.optional(),
  timeout_ms: z.number().optional(),
  retry: Retry.optional(),
  fallback: z.union([z.strictObject({ agent: z.string() }), z.strictObject({ value: Value })]).optional(),
  optional: z.boolean().optional(),
  priority: z.enum(PRIORITIES).optional(),
  savepoint: z.union([z.literal(true), z.string()]).optional(),
  compensate: Other.omit({ input: true }).optional(),
});

const WaitShape = z.strictObject({
  kind: z.literal('wait'),
  id: z.string(),
  timeout_ms: z.number(),
  on_timeout: z.strictObject({ value: Value }).optional(),
});

const CallShape = z.strictObject({
  kind: z.literal('call'),
  id: z.string(),
  workflow: z.string(),
  version: DefinitionVersion.optional(),
  input: Value,
});

type Nodes = readonly JsonNode[];
type JoinOption = z.output<typeof JoinShape> | undefined;

export type JsonStep = z.output<typeof StepShape>;
export type JsonNode =
  | JsonStep
  | z.output<typeof WaitShape>
  | z.output<typeof CallShape>
  | {
      readonly kind: 'parallel';
      readonly id: string;
      readonly branches: Readonly<Record<string, Nodes>>;
      readonly join?: JoinOption;
      readonly concurrency?: number | undefined;
    }
  | {
      readonly kind: 'when';
      readonly id: string;
      readonly test: JsonPredicate;
      readonly do: Nodes;
      readonly else?: Nodes | undefined;
    }
  | {
      readonly kind: 'route';
      readonly id: string;
      readonly on: { readonly $ref: string };
      readonly branches: Readonly<Record<string, Nodes>>;
      readonly default?: Nodes | undefined;
    }
  | {
      readonly kind: 'map';
      readonly id: string;
      readonly items: JsonValue;
      readonly nodes: Nodes;
      readonly concurrency?: number | undefined;
      readonly max_items?: number | undefined;
      readonly join?: JoinOption;
    };

const NodeShape: z.ZodType<JsonNode> = z
  .lazy(() =>
    z.discriminatedUnion('kind', [
      StepShape,
      WaitShape,
      CallShape,
      z.strictObject({
        kind: z.literal('parallel'),
        id: z.string(),
        branches: z.record(z.string(), Chain),
        join: JoinShape.optional(),
        concurrency: z.number().optional(),
      }),
      z.strictObject({
        kind: z.literal('when'),
        id: z.string(),
        test: Predicate,
        do: Chain,
        else: Chain.optional(),
      }),
      z.strictObject({
        kind: z.literal('route'),
        id: z.string(),
        on: Ref,
        branches: z.record(z.string(), Chain),
        default: Chain.optional(),
      }),
      z.strictObject({
        kind: z.literal('map'),
        id: z.string(),
        items: Value,
        nodes: Chain,
        concurrency: z.number().optional(),
        max_items: z.number().optional(),
        join: JoinShape.optional(),
      }),
    ]),
  )
  .meta({ id: 'WorkflowNode' });
const Chain: z.ZodType<Nodes> = z.array(NodeShape);

const OnFailureShape: z.ZodType<OnFailure> = z.union([
  z.enum(['start', 'keep']),
  z.templateLiteral(['savepoint:', z.string().min(1).max(64)]),
]);

/** Nodes by name, with references and predicates. */
export const FullDefinition = z
  .strictObject({
    name: z.string(),
    version: DefinitionVersion.default(1),
    timeout_ms: z.number().optional(),
    on_failure: OnFailureShape.optional(),
    nodes: Chain,
    output: Value,
  })
  .meta({ id: 'FullDefinition' });
export type FullDefinition = z.output<typeof FullDefinition>;

export const ERROR_HANDLING = ['fail_fast', 'retry', 'skip_on_error'] as const;

const AgentCall = z.strictObject({
  agent: z.string(),
  name: z.string().optional(),
  timeout_seconds: z.number().optional(),
});
export type AgentCall = z.output<typeof AgentCall>;

/** Agents one after the other, then groups of them side by side. */
export const CompactDefinition = z
  .strictObject({
    name: z.string(),
    version: DefinitionVersion.default(1),
    workflow_type: z.string().optional(),
    agent_sequence: z.array(AgentCall).default([]),
    parallel_steps: z.array(z.array(AgentCall)).default([]),
    error_handling: z.enum(ERROR_HANDLING).default('fail_fast'),
    on_failure: OnFailureShape.optional(),
    timeout_config: z
      .strictObject({
        per_step_seconds: z.number().optional(),
        total_seconds: z.number().optional(),
      })
      .default({}),
  })
  .meta({ id: 'CompactDefinition' });
export type CompactDefinition = z.output<typeof CompactDefinition>;
