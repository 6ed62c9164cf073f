import type { ZodType } from 'zod';
import { FleetError } from '../../kernel/errors.ts';
import type { Compensators, OnFailure } from '../effects/effect.ts';
import type { FnNode, PlanNode } from '../plan/node.ts';
import { make } from './make.ts';
import type { Primitive } from './primitive.ts';

/** A named, versioned, immutable plan from one input to one output. */
export interface Workflow<in I, out O> {
  readonly name: string;
  readonly version: number;
  readonly input: ZodType;
  readonly output: ZodType;
  /** A run's whole time. */
  readonly timeoutMs: number;
  /** What becomes of the effects of a run that does not complete; default: all are undone. */
  readonly onFailure?: OnFailure;
  readonly compensators?: Compensators;
  /** Expects an input that has been through the schema. */
  readonly plan: PlanNode;
  /** Phantom: carries the types, never called. */
  readonly types?: { input(value: I): void; output(): O };
}

/**
 * A workflow as a building block of others: its input goes through its schema first, and its time is limited.
 * Its steps keep their paths, below the place where it stands.
 */
export function asPrimitive<I, O>(workflow: Workflow<I, O>): Primitive<I, O> {
  const { timeoutMs } = workflow;
  return make({ kind: 'timeout', timeoutMs, body: led(acceptance(workflow), workflow.plan) });
}

/** The plan with something before its first stage, without moving any of them. */
function led(first: FnNode, plan: PlanNode): PlanNode {
  if (plan.kind === 'sequence') return { ...plan, stages: [first, ...plan.stages] };
  if (plan.kind === 'saga') return { ...plan, steps: [{ node: first }, ...plan.steps] };
  return { kind: 'sequence', stages: [first, plan] };
}

function acceptance({ name, input }: Workflow<never, unknown>): FnNode {
  return {
    kind: 'fn',
    name: 'accept',
    apply: (value: never) => {
      const parsed = input.safeParse(value);
      if (parsed.success) return parsed.data;
      const issue = parsed.error.issues[0];
      throw new FleetError({
        code: 'input_invalid',
        kind: 'invalid_input',
        message: `input of workflow "${name}": ${issue?.path.join('.')}: ${issue?.message}`,
        retryable: false,
      });
    },
  };
}
