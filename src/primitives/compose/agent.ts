import type { ZodType, z } from 'zod';
import { make } from './make.ts';
import type { Primitive } from './primitive.ts';

/** What is known of an agent without its code: where its jobs go, and what it takes and gives. */
export interface AgentDefinition<IS extends ZodType, OS extends ZodType> {
  readonly name: string;
  /** Where its jobs wait; default: the name. */
  readonly queue?: string;
  readonly input: IS;
  readonly output: OS;
  /** False: never silently repeated; default true. */
  readonly idempotent?: boolean;
  /** How many finished turns of its session it wants to see. */
  readonly recentTurns?: number;
}

/** A step that the workers of an agent do. It has no handler here: in process it needs a double. */
export function agent<IS extends ZodType, OS extends ZodType>(
  definition: AgentDefinition<IS, OS>,
): Primitive<z.input<IS>, z.output<OS>> {
  const { name, queue = name, input, output, idempotent = true, recentTurns } = definition;
  return make({
    kind: 'step',
    name,
    queue,
    input,
    output,
    idempotent,
    ...(recentTurns === undefined ? {} : { recentTurns }),
  });
}
