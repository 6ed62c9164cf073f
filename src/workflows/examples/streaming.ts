import { z } from 'zod';
import type { ModelChunk } from '../../models/model-port.ts';
import { pipe, fn } from '../../primitives/compose/combine.ts';
import { buffer, filter, tap, untilAbort } from '../../primitives/stream/operators.ts';
import { stream, type StreamPrimitive } from '../../primitives/stream/stream.ts';
import { EXAMPLE_QUEUE, LARGE, RUN_TIMEOUT_MS, type ExamplePorts, type ExampleWorkflow } from './ports.ts';
import { storyPrompt } from './prompts.ts';

const Topic = z.strictObject({
  topic: z.string().max(500).regex(/\S/, 'expected some text'),
});

/** A story as it is told: five words at a time, or what came within a twentieth of a second. */
export function storyStream({
  model,
  onPiece = () => undefined,
}: ExamplePorts): StreamPrimitive<z.input<typeof Topic>> {
  return stream({
    name: 'tell',
    queue: EXAMPLE_QUEUE,
    input: Topic,
    generate: ({ topic }, { signal }) => {
      const chunks = model.stream(
        { model: LARGE, prompt: storyPrompt(topic), maxOutputTokens: 500 },
        { signal },
      );
      // Next to the source, so that it hears of an end at once.
      const words = filter(textOf(untilAbort(chunks, signal)), (piece) => piece !== '');
      return tap(buffer(words, { maxChunks: 5, maxWaitMs: 50 }), onPiece);
    },
  });
}

/** In a plan a stream is a step, whose output is its aggregate. */
export function streamingWorkflow(ports: ExamplePorts): ExampleWorkflow<typeof Topic> {
  const trimmed = fn('trim', ({ topic }: z.output<typeof Topic>) => ({ topic: topic.trim() }));
  return {
    name: 'streaming',
    version: 1,
    input: Topic,
    timeoutMs: RUN_TIMEOUT_MS,
    needsIntent: false,
    needsRedis: false,
    plan: pipe(trimmed, storyStream(ports)).plan,
  };
}

async function* textOf(chunks: AsyncIterable<ModelChunk>): AsyncGenerator<string> {
  for await (const chunk of chunks) if (chunk.type === 'text') yield chunk.text;
}
