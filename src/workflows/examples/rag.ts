import { z } from 'zod';
import { step } from '../../primitives/compose/combine.ts';
import type { Primitive } from '../../primitives/compose/primitive.ts';
import { workflow } from '../../primitives/compose/workflow-builder.ts';
import {
  badOutput,
  EXAMPLE_QUEUE,
  LARGE,
  MODEL_TIMEOUT_MS,
  RUN_TIMEOUT_MS,
  SMALL,
  type ExamplePorts,
  type ExampleWorkflow,
} from './ports.ts';
import { answerPrompt, citedIn, oneLine, passagesWithin } from './prompts.ts';
import { Document, Query, Source, Usage } from './shapes.ts';

const TOP_K = 5;
const MIN_SCORE = 0.7;
const MAX_CONTEXT_CHARACTERS = 2000;
const NOTHING_FOUND = 'Nothing in the documents answers this.';

const RagOutput = z.strictObject({
  answer: z.string(),
  /** Null when no model was asked. */
  model: z.string().nullable(),
  sources: z.array(Source),
  usage: Usage,
  /** Whether the search was answered from the cache. */
  cache: z.enum(['hit', 'miss']),
});

const Found = z.object({ documents: z.array(Document), found_by: z.string() });
const Prompt = z.object({
  prompt: z.string(),
  sources: z.array(Source),
  cache: z.enum(['hit', 'miss']),
});
const Reply = z.object({ text: z.string(), model: z.string(), usage: Usage });

/** Find documents, and have a model answer from them alone, with citations. Without documents no model is asked. */
export function ragWorkflow(ports: ExamplePorts): ExampleWorkflow {
  const retrieve = step({
    name: 'retrieve',
    queue: EXAMPLE_QUEUE,
    input: z.object({ query: z.string() }),
    output: Found,
    run: async ({ query }, ctx) => {
      const found = await ports.documents.search(query, { limit: TOP_K, signal: ctx.signal });
      return { documents: found.filter(({ score }) => score >= MIN_SCORE), found_by: ctx.runId };
    },
  }).cached({ scope: 'global', tier: 'both', ttlMs: 3_600_000 });

  const prompt = step({
    name: 'prompt',
    queue: EXAMPLE_QUEUE,
    input: Found.extend({ query: z.string() }),
    output: Prompt,
    run: async ({ query, documents, found_by: foundBy }, ctx) => {
      const passages = passagesWithin(documents, MAX_CONTEXT_CHARACTERS);
      return {
        prompt: answerPrompt(query, passages),
        sources: passages.map(({ n, id, title, score }) => ({ n, id, title, score })),
        cache: foundBy === ctx.runId ? ('miss' as const) : ('hit' as const),
      };
    },
  });

  const plan = workflow({
    name: 'rag',
    version: 1,
    input: Query,
    output: RagOutput,
    timeoutMs: RUN_TIMEOUT_MS,
  })
    .step('found', {
      step: retrieve,
      input: ({ input }) => ({ query: normalised(input.query) }),
      retry: { attempts: 2, delayMs: 200 },
    })
    .step('asked', { step: prompt, input: ({ input, found }) => ({ ...found, query: input.query }) })
    .when(
      'answerable',
      ({ asked }) => asked.sources.length > 0,
      (chain) =>
        chain.step('reply', {
          step: generate(ports, LARGE),
          input: ({ asked }) => asked,
          timeoutMs: MODEL_TIMEOUT_MS,
          retry: { attempts: 3, delayMs: 200 },
          fallback: generate(ports, SMALL).timeout(MODEL_TIMEOUT_MS),
        }),
    )
    .output(({ asked: { sources, cache }, answerable }) => ({
      answer: answerable?.reply.text ?? NOTHING_FOUND,
      model: answerable?.reply.model ?? null,
      sources,
      usage: answerable?.reply.usage ?? { input_tokens: 0, output_tokens: 0 },
      cache,
    }));
  return { ...plan, needsIntent: false, needsRedis: false };
}

/** Errors: output_invalid for an answer that cites what it was not given */
function generate(
  { model }: ExamplePorts,
  name: string,
): Primitive<z.input<typeof Prompt>, z.output<typeof Reply>> {
  return step({
    name: name === LARGE ? 'generate' : 'generate_small',
    queue: EXAMPLE_QUEUE,
    input: Prompt,
    output: Reply,
    run: ({ prompt, sources }, ctx) =>
      // Only an answer that can be used is remembered: another attempt asks again for a bad one.
      ctx.memo('reply', async () => {
        const reply = await model.generate({ model: name, prompt, maxOutputTokens: 300 }, ctx);
        const invented = citedIn(reply.text).filter((n) => !sources.some((source) => source.n === n));
        if (invented.length > 0)
          throw badOutput(`the answer cites [${invented.join('], [')}], which it was not given`);
        return { text: reply.text, usage: reply.usage, model: reply.model };
      }),
  });
}

/** Questions that differ in nothing a search sees are one. */
export function normalised(query: string): string {
  return oneLine(query.normalize('NFKC').toLowerCase());
}
