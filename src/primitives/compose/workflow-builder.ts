import type { ZodType, z } from 'zod';
import { FleetError, isFleetError, type FieldProblem } from '../../kernel/errors.ts';
import { Undecided } from '../advance/scope.ts';
import type { Compensators, OnFailure } from '../effects/effect.ts';
import type { FnNode, PureFn } from '../plan/node.ts';
import { workflowProblems } from '../plan/workflow-problems.ts';
import type { Chain, Nothing, Root } from './chain.ts';
import { chained, emptyChain } from './chain-builder.ts';
import type { Workflow } from './workflow.ts';

export interface WorkflowOptions<IS extends ZodType, OS extends ZodType> {
  /** A lower-case letter, then up to 63 of a-z 0-9 _. */
  readonly name: string;
  readonly version: number;
  readonly input: IS;
  readonly output: OS;
  /** A run's whole time; default 300 s. */
  readonly timeoutMs?: number;
  /** What becomes of the effects of a run that does not complete; default: `start`, all of them are undone. */
  readonly onFailure?: OnFailure;
  /** What its steps may ask for with `ctx.effects.onRollback`, by name. */
  readonly compensators?: Compensators;
}

const DEFAULT_TIMEOUT_MS = 300_000;

/**
 * Steps by name, each of which sees the input and everything before it; `output` ends it. A wrong reference is a
 * compile error.
 *
 * Errors: invalid_workflow (invalid_input, 422) at `output`, with every problem that can be known before it runs
 */
export function workflow<IS extends ZodType, OS extends ZodType>(
  options: WorkflowOptions<IS, OS>,
): Chain<{ readonly input: z.output<IS> }, Nothing, Root<z.input<IS>, z.input<OS>, z.output<OS>>> {
  const { name, version, input, output, timeoutMs = DEFAULT_TIMEOUT_MS, onFailure, compensators } = options;
  return emptyChain(({ stages, hasUndo, problems }, pick): Workflow<never, unknown> => {
    const plan = chained([{ node: SCOPE }, ...stages, { node: outputOf(name, pick, output) }], hasUndo);
    refuseProblems(name, [...problems, ...workflowProblems({ name, version, timeoutMs, plan, onFailure })]);
    return Object.freeze({
      name,
      version,
      input,
      output,
      timeoutMs,
      ...(onFailure === undefined ? {} : { onFailure }),
      ...(compensators === undefined ? {} : { compensators }),
      plan,
    });
  });
}

export function refuseProblems(name: string, problems: readonly FieldProblem[]): void {
  const [first] = problems;
  if (first === undefined) return;
  const more = problems.length === 1 ? '' : ` (and ${problems.length - 1} more)`;
  throw new FleetError({
    code: 'invalid_workflow',
    kind: 'invalid_input',
    httpStatus: 422,
    message: `workflow "${name}": ${first.path === '' ? '' : `${first.path}: `}${first.message}${more}`,
    problems,
  });
}

/** The first stage: what was put in becomes the first entry of what every callback sees. */
export const SCOPE: FnNode = { kind: 'fn', name: 'scope', apply: (input: never) => ({ input }) };

/** The last stage: what comes out, through its schema. */
export function outputOf(name: string, pick: PureFn<unknown>, schema: ZodType): FnNode {
  const apply: PureFn<unknown> = (scope: never, ctx) => {
    const parsed = schema.safeParse(asDefinition(name, () => pick(scope, ctx)));
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    throw new FleetError({
      code: 'output_invalid',
      kind: 'internal',
      message: `output of workflow "${name}": ${issue?.path.join('.')}: ${issue?.message}`,
      retryable: false,
    });
  };
  return { kind: 'fn', name: 'output', apply };
}

/** A callback that throws is a fault of the definition, which no repetition mends. */
function asDefinition(name: string, callback: () => unknown): unknown {
  try {
    return callback();
  } catch (thrown) {
    if (thrown instanceof Undecided || isFleetError(thrown)) throw thrown;
    throw new FleetError({
      code: 'definition_error',
      kind: 'internal',
      retryable: false,
      message: `output of workflow "${name}": ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      cause: thrown,
    });
  }
}
