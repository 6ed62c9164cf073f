import { z } from 'zod';
import { repeatUntil } from '../../primitives/compose/combine.ts';
import { asPrimitive } from '../../primitives/compose/workflow.ts';
import { workflow } from '../../primitives/compose/workflow-builder.ts';
import { answerSteps } from './answer-steps.ts';
import { RUN_TIMEOUT_MS, type ExamplePorts, type ExampleWorkflow } from './ports.ts';
import { Document, Query, Source } from './shapes.ts';
import { otherSource, searchSteps, SOURCES } from './search-steps.ts';

const MAX_REFINEMENTS = 2;
const RETRY = { attempts: 3, delayMs: 200 };

const AgenticRagOutput = z.strictObject({
  status: z.enum(['answered', 'no_grounded_answer']),
  /** Null unless it is grounded in the sources and addresses the question. */
  answer: z.string().nullable(),
  sources: z.array(Source),
  retrieval_method: z.enum(SOURCES),
  grounded: z.boolean(),
  grounding_score: z.number().min(0).max(1),
  refinements: z.int().min(0).max(MAX_REFINEMENTS),
});

/** What goes from one attempt at an answer to the next. */
const Attempt = z.object({
  query: z.string(),
  /** The query, or what a refinement made of it. */
  question: z.string(),
  /** As the model named it; the router knows what to do with an unknown name. */
  datasource: z.string(),
  /** The other source was asked already. */
  switched: z.boolean(),
  tries: z.int(),
  answer: z.string().nullable(),
  sources: z.array(Source),
  found_in: z.enum(SOURCES),
  useful: z.boolean(),
  grounded: z.boolean(),
  grounding_score: z.number(),
});

/**
 * A router decides where to search; what is found is graded; the answer is graded too and, when it fails, the
 * question is refined, twice at most. What no grade supports is never given as an answer.
 */
export function agenticRagWorkflow(ports: ExamplePorts): ExampleWorkflow {
  const { chooseSource, search, rewrite, gradeDocument } = searchSteps(ports);
  const { draft, gradeUseful, gradeGrounded } = answerSteps(ports);

  const attempt = workflow({
    name: 'attempt',
    version: 1,
    input: Attempt,
    output: Attempt,
    timeoutMs: RUN_TIMEOUT_MS,
  })
    .when(
      'refined',
      ({ input }) => input.tries > 0,
      (chain) =>
        chain.step('rewritten', {
          step: rewrite,
          input: ({ input }) => ({ question: input.question }),
          retry: RETRY,
        }),
    )
    .step('found', {
      step: search,
      input: ({ input, refined }) => ({
        datasource: input.datasource,
        question: refined?.rewritten.question ?? input.question,
      }),
    })
    .map(
      'graded',
      ({ found }) => found.documents,
      (chain) =>
        chain.step('grade', {
          step: gradeDocument,
          input: ({ found, item }) => ({ question: found.question, document: item }),
          retry: RETRY,
        }),
    )
    .when(
      'elsewhere',
      ({ input, graded }) => !input.switched && !graded.some(({ grade }) => grade.relevant),
      (chain) =>
        chain
          .step('found_there', {
            step: search,
            input: ({ found }) => ({
              datasource: otherSource(found.source),
              question: found.question,
            }),
          })
          .map(
            'graded_there',
            ({ found_there: there }) => there.documents,
            (each) =>
              each.step('grade_there', {
                step: gradeDocument,
                input: ({ found, item }) => ({ question: found.question, document: item }),
                retry: RETRY,
              }),
          ),
    )
    .when(
      'answerable',
      (scope) => kept(scope).length > 0,
      (chain) =>
        chain
          .step('draft', {
            step: draft,
            input: (scope) => ({ question: scope.found.question, documents: kept(scope) }),
            retry: RETRY,
          })
          .parallel('judged', {
            usefulness: (branch) =>
              branch.step('useful', {
                step: gradeUseful,
                input: ({ found, draft: { answer } }) => ({ question: found.question, answer }),
                retry: RETRY,
              }),
            groundedness: (branch) =>
              branch.step('grounded', {
                step: gradeGrounded,
                input: ({ draft: drafted }) => drafted,
                retry: RETRY,
              }),
          }),
    )
    .output((scope) => {
      const { input, found, elsewhere, answerable } = scope;
      const grounding = answerable?.judged.groundedness.grounded;
      const foundIn = elsewhere?.found_there.source ?? found.source;
      return {
        query: input.query,
        question: found.question,
        // The other source is asked once; only what helped is asked again.
        datasource: answerable === undefined ? input.datasource : foundIn,
        switched: input.switched || elsewhere !== undefined,
        tries: input.tries + 1,
        answer: answerable?.draft.answer ?? null,
        sources: answerable?.draft.passages.map(({ n, id, title, score }) => ({ n, id, title, score })) ?? [],
        found_in: foundIn,
        useful: answerable?.judged.usefulness.useful.useful ?? false,
        grounded: grounding?.grounded ?? false,
        grounding_score: grounding?.score ?? 0,
      };
    });

  const plan = workflow({
    name: 'agentic_rag',
    version: 1,
    input: Query,
    output: AgenticRagOutput,
    timeoutMs: RUN_TIMEOUT_MS,
  })
    .step('source', { step: chooseSource, input: ({ input }) => ({ question: input.query }), retry: RETRY })
    .step('result', {
      step: repeatUntil('attempt', asPrimitive(attempt), isGood, {
        maxIterations: 1 + MAX_REFINEMENTS,
        onExhausted: 'last',
      }),
      input: ({ input: { query }, source: { datasource } }) => ({
        query,
        question: query,
        datasource,
        switched: false,
        tries: 0,
        answer: null,
        sources: [],
        found_in: SOURCES[0],
        useful: false,
        grounded: false,
        grounding_score: 0,
      }),
    })
    .output(({ result }) => ({
      status: isGood(result) ? ('answered' as const) : ('no_grounded_answer' as const),
      answer: isGood(result) ? result.answer : null,
      sources: isGood(result) ? result.sources : [],
      retrieval_method: result.found_in,
      grounded: result.grounded,
      grounding_score: result.grounding_score,
      refinements: result.tries - 1,
    }));
  return { ...plan, needsIntent: false, needsRedis: false };
}

function isGood({ useful, grounded }: z.output<typeof Attempt>): boolean {
  return useful && grounded;
}

interface Graded {
  readonly found: { readonly documents: readonly Document[] };
  readonly graded: readonly { readonly grade: { readonly relevant: boolean } }[];
  readonly elsewhere:
    | {
        readonly found_there: { readonly documents: readonly Document[] };
        readonly graded_there: readonly { readonly grade_there: { readonly relevant: boolean } }[];
      }
    | undefined;
}

/** The documents that were graded relevant, wherever they come from. */
function kept({ found, graded, elsewhere }: Graded): Document[] {
  if (elsewhere === undefined) return found.documents.filter((_, index) => graded[index]?.grade.relevant);
  const { found_there: there, graded_there: grades } = elsewhere;
  return there.documents.filter((_, index) => grades[index]?.grade_there.relevant);
}
