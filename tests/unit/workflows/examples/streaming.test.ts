import { describe, expect, it } from 'vitest';
import { ScriptedModel } from '../../../../src/models/scripted.ts';
import { fakeClock } from '../../../../src/primitives/testing/fake-clock.ts';
import { EXAMPLE_RULES } from '../../../../src/workflows/examples/model-rules.ts';
import { storyStream, streamingWorkflow } from '../../../../src/workflows/examples/streaming.ts';
import { runExample, testPorts } from '../../../support/example-ports.ts';

/** A model whose words come every so many milliseconds of a clock. */
function pacedModel(chunkPauseMs: number, clock = fakeClock()) {
  const pause = (ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve));
  return { clock, model: new ScriptedModel({ rules: EXAMPLE_RULES, chunkPauseMs, pause }) };
}

describe('streaming', () => {
  it('its output is the aggregate of the same text that a call without a stream gives', async () => {
    const seen: string[] = [];
    const ports = testPorts(undefined, { onPiece: (piece) => seen.push(piece) });
    const run = await runExample(streamingWorkflow(ports), { topic: ' a lantern ' });
    const output = run.output as { text: string; chunks: number };
    const { text } = await ports.model.generate(ports.requests[0]!, { signal: new AbortController().signal });
    expect(output).toMatchObject({ text, chars: text.length, chunks: seen.length });
    expect(seen.join('')).toBe(text);
    expect(output.chunks).toBe(Math.ceil(text.split(' ').length / 5));
  });

  it('measures the first piece, the whole and the rate on the clock of the run', async () => {
    const { clock, model } = pacedModel(10);
    const run = await runExample(
      streamingWorkflow(testPorts(undefined, { model })),
      { topic: 'rain' },
      { clock },
    );
    const { chunks, first_token_ms, duration_ms, chunks_per_second, text } = run.output as Record<
      string,
      number
    > & {
      text: string;
    };
    expect(first_token_ms).toBe(50); // five words are one piece
    expect(duration_ms).toBe(text.split(' ').length * 10);
    expect(chunks_per_second).toBeCloseTo((chunks! * 1000) / duration_ms!, 3);
  });

  it('cancelling ends it in the middle, and the model is left', async () => {
    const controller = new AbortController();
    const seen: string[] = [];
    let wasLeft = false;
    const scripted = testPorts().model;
    const model = {
      ...scripted,
      async *stream(...args: Parameters<typeof scripted.stream>) {
        try {
          yield* scripted.stream(...args);
        } finally {
          wasLeft = true;
        }
      },
    };
    const onPiece = (piece: string): void => {
      seen.push(piece);
      if (seen.length === 2) controller.abort(new Error('enough'));
    };
    const run = await runExample(
      streamingWorkflow(testPorts(undefined, { model, onPiece })),
      { topic: 'rain' },
      { signal: controller.signal },
    );
    expect(run).toMatchObject({ status: 'cancelled', errorCode: 'cancelled' });
    await expect.poll(() => wasLeft).toBe(true);
    expect(seen).toHaveLength(2);
  });

  it('a consumer that leaves early reads no more of the model', async () => {
    let given = 0;
    const scripted = testPorts().model;
    const model = {
      ...scripted,
      async *stream(...args: Parameters<typeof scripted.stream>) {
        for await (const chunk of scripted.stream(...args)) {
          given += 1;
          yield chunk;
        }
      },
    };
    const story = storyStream(testPorts(undefined, { model }));
    for await (const piece of story.open({ topic: 'rain' }, new AbortController())) {
      expect(piece.trim().split(' ')).toHaveLength(5);
      break;
    }
    expect(given).toBe(5);
  });

  it.for([[''], ['\t'], ['x'.repeat(501)], [['a']]])('%j is no topic', ([topic]) => {
    expect(() => runExample(streamingWorkflow(testPorts()), { topic })).toThrow();
  });
});
