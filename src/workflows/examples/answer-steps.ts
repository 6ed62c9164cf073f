import { z } from 'zod';
import { step } from '../../primitives/compose/combine.ts';
import { askForJson, EXAMPLE_QUEUE, LARGE, MODEL_TIMEOUT_MS, type ExamplePorts } from './ports.ts';
import { answerPrompt, citedIn, groundednessPrompt, passagesWithin, usefulnessPrompt } from './prompts.ts';
import { Document } from './shapes.ts';

const MAX_CONTEXT_CHARACTERS = 4000;

const Passages = z.array(Document.extend({ n: z.int().positive() }));
const Drafted = z.object({ answer: z.string(), passages: Passages });

/** The steps of `agentic_rag` that write an answer and judge it. A verdict that cannot be read counts as "no". */
export function answerSteps({ model }: ExamplePorts) {
  const draft = step({
    name: 'draft',
    queue: EXAMPLE_QUEUE,
    input: z.object({ question: z.string(), documents: z.array(Document) }),
    output: Drafted,
    run: async ({ question, documents }, ctx) => {
      const passages = passagesWithin(documents, MAX_CONTEXT_CHARACTERS);
      const prompt = answerPrompt(question, passages);
      const answer = await ctx.memo('answer', async () => {
        const { text } = await model.generate({ model: LARGE, prompt, maxOutputTokens: 300 }, ctx);
        return text;
      });
      return { answer, passages };
    },
  }).timeout(MODEL_TIMEOUT_MS);

  const gradeUseful = step({
    name: 'grade_useful',
    queue: EXAMPLE_QUEUE,
    input: z.object({ question: z.string(), answer: z.string() }),
    output: z.object({ useful: z.boolean() }),
    run: async ({ question, answer }, ctx) => {
      const verdict = z.object({ useful: z.enum(['yes', 'no']) });
      const said = await askForJson(model, usefulnessPrompt(question, answer), verdict, ctx);
      return { useful: said?.useful === 'yes' };
    },
  }).timeout(MODEL_TIMEOUT_MS);

  const gradeGrounded = step({
    name: 'grade_grounded',
    queue: EXAMPLE_QUEUE,
    input: Drafted,
    output: z.object({ grounded: z.boolean(), score: z.number().min(0).max(1) }),
    run: async ({ answer, passages }, ctx) => {
      const verdict = z.object({ grounded: z.enum(['yes', 'no']), score: z.number().min(0).max(1) });
      const said = await askForJson(model, groundednessPrompt(answer, passages), verdict, ctx);
      const invents = citedIn(answer).some((n) => !passages.some((passage) => passage.n === n));
      return { grounded: said?.grounded === 'yes' && !invents, score: said?.score ?? 0 };
    },
  }).timeout(MODEL_TIMEOUT_MS);

  return { draft, gradeUseful, gradeGrounded };
}
