import { z } from 'zod';
import { step } from '../../primitives/compose/combine.ts';
import type { Primitive } from '../../primitives/compose/primitive.ts';
import { router } from '../../primitives/router/router.ts';
import { askForJson, badOutput, EXAMPLE_QUEUE, MODEL_TIMEOUT_MS, SMALL, type ExamplePorts } from './ports.ts';
import { oneLine, relevancePrompt, rewritePrompt, sourcePrompt } from './prompts.ts';
import { Document } from './shapes.ts';

export const SOURCES = ['vectorstore', 'web'] as const;
export type SourceName = (typeof SOURCES)[number];

export function otherSource(source: SourceName): SourceName {
  return source === 'web' ? 'vectorstore' : 'web';
}

const LIMIT = 4;
const MAX_QUESTION = 2000;

const Question = z.object({ question: z.string() });
const Search = Question.extend({ datasource: z.string() });
const Found = Question.extend({ source: z.enum(SOURCES), documents: z.array(Document) });
const YesNo = z.enum(['yes', 'no']);

/** The steps of `agentic_rag` that find documents. */
export function searchSteps(ports: ExamplePorts) {
  const { model } = ports;

  const chooseSource = step({
    name: 'choose_source',
    queue: EXAMPLE_QUEUE,
    input: Question,
    output: z.object({ datasource: z.string() }),
    run: async ({ question }, ctx) => {
      const chosen = await askForJson(
        model,
        sourcePrompt(question),
        z.object({ datasource: z.string() }),
        ctx,
      );
      // A name that is none is the router's business.
      return chosen ?? { datasource: 'unreadable' };
    },
  }).timeout(MODEL_TIMEOUT_MS);

  const searchOf = (source: SourceName): Primitive<z.input<typeof Search>, z.output<typeof Found>> =>
    step({
      name: `search_${source}`,
      queue: EXAMPLE_QUEUE,
      input: Search,
      output: Found,
      run: async ({ question }, ctx) => {
        const retriever = source === 'web' ? ports.web : ports.documents;
        const documents = await retriever.search(question, { limit: LIMIT, signal: ctx.signal });
        return { source, question, documents: [...documents] };
      },
    }).retry({ maxAttempts: 2, baseDelayMs: 200 });

  const search = router<z.input<typeof Search>, z.output<typeof Found>, SourceName>('search', {
    routes: { vectorstore: { primitive: searchOf('vectorstore') }, web: { primitive: searchOf('web') } },
    select: ({ datasource }) => datasource,
    default: 'vectorstore',
  });

  const gradeDocument = step({
    name: 'grade_document',
    queue: EXAMPLE_QUEUE,
    input: Question.extend({ document: Document }),
    output: z.object({ relevant: z.boolean() }),
    run: async ({ question, document }, ctx) => {
      const verdict = z.object({ relevant: YesNo });
      const said = await askForJson(model, relevancePrompt(question, document), verdict, ctx);
      return { relevant: said?.relevant === 'yes' };
    },
  }).timeout(MODEL_TIMEOUT_MS);

  const rewrite = step({
    name: 'rewrite',
    queue: EXAMPLE_QUEUE,
    input: Question,
    output: Question,
    run: ({ question }, ctx) =>
      ctx.memo('rewritten', async () => {
        const prompt = rewritePrompt(question);
        const { text } = await model.generate({ model: SMALL, prompt, maxOutputTokens: 500 }, ctx);
        const rewritten = oneLine(text).slice(0, MAX_QUESTION);
        if (rewritten === '') throw badOutput('the rewritten question is empty');
        return { question: rewritten };
      }),
  }).timeout(MODEL_TIMEOUT_MS);

  return { chooseSource, search, gradeDocument, rewrite };
}
