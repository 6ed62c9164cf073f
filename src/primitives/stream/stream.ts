import { z, type ZodType } from 'zod';
import { step } from '../compose/combine.ts';
import type { Primitive } from '../compose/primitive.ts';
import type { StepContext } from '../step-context.ts';
import { untilAbort } from './operators.ts';

/** What is left of a stream when it has ended. */
export const StreamAggregate = z.strictObject({
  text: z.string(),
  chunks: z.int().min(0),
  /** Characters of the text, as UTF-16 counts them. */
  chars: z.int().min(0),
  /** Null when nothing came. */
  first_token_ms: z.number().min(0).nullable(),
  duration_ms: z.number().min(0),
  chunks_per_second: z.number().min(0),
});
export type StreamAggregate = z.infer<typeof StreamAggregate>;

/** What a generator gets beside its input; a consumer without a run has no more than a signal. */
export type StreamContext = Pick<StepContext, 'signal'>;

export interface StreamPrimitive<I> extends Primitive<I, StreamAggregate> {
  /** The pieces themselves, as fast as they are taken. Leaving the loop, or the signal, ends the generator. */
  open(input: I, ctx: StreamContext): AsyncIterable<string>;
}

/**
 * A step whose work is a stream of text. In a plan its output is the aggregate, and its pieces are shown to whoever
 * follows the run; `open` gives the pieces alone.
 * Errors: those of the generator; the signal's reason
 */
export function stream<IS extends ZodType>(definition: {
  readonly name: string;
  readonly queue: string;
  readonly input: IS;
  generate(input: z.output<IS>, ctx: StreamContext): AsyncIterable<string>;
}): StreamPrimitive<z.input<IS>> {
  const { name, queue, input } = definition;
  const primitive = step({
    name,
    queue,
    input,
    output: StreamAggregate,
    // A stream that came to its end is not asked for again.
    run: (value, ctx) =>
      ctx.memo('aggregate', () =>
        aggregate(definition.generate(value, ctx), ctx, (piece) => ctx.emitToken(piece)),
      ),
  });
  return Object.freeze({
    ...primitive,
    open: (value: z.input<IS>, ctx: StreamContext) =>
      untilAbort(definition.generate(input.parse(value), ctx), ctx.signal),
  });
}

/** Read a stream to its end, and show each piece on the way. A rate is over one millisecond at least. */
export async function aggregate(
  source: AsyncIterable<string>,
  ctx: Pick<StepContext, 'signal' | 'now'>,
  show: (piece: string) => void = () => undefined,
): Promise<StreamAggregate> {
  const startedAt = ctx.now();
  const pieces: string[] = [];
  let firstMs: number | null = null;
  for await (const piece of untilAbort(source, ctx.signal)) {
    firstMs ??= ctx.now() - startedAt;
    pieces.push(piece);
    show(piece);
  }
  const durationMs = ctx.now() - startedAt;
  const text = pieces.join('');
  return {
    text,
    chunks: pieces.length,
    chars: text.length,
    first_token_ms: firstMs,
    duration_ms: durationMs,
    chunks_per_second: Math.round((pieces.length * 1_000_000) / Math.max(1, durationMs)) / 1000,
  };
}
