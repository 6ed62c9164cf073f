import { z } from 'zod';
import { PRIORITIES, type Priority } from '../../contracts/priority.ts';
import { match, step } from '../../primitives/compose/combine.ts';
import { make } from '../../primitives/compose/make.ts';
import type { Primitive } from '../../primitives/compose/primitive.ts';
import type { StepContext } from '../../primitives/step-context.ts';
import { shareOf } from './model-rules.ts';
import { EXAMPLE_QUEUE, LARGE, MODEL_TIMEOUT_MS, type ExamplePorts } from './ports.ts';
import { answerPrompt, passagesWithin, taskPrompt } from './prompts.ts';

export const TEAM = ['data_analyst', 'researcher', 'fact_checker', 'summarizer'] as const;
export type TeamMember = (typeof TEAM)[number];

/** From which share of its words on a claim counts as known. */
const KNOWN_SHARE = 0.75;
const MAX_CONTEXT_CHARACTERS = 2000;

const Task = z.object({ task: z.string() });
const Work = z.object({ result: z.string(), duration_ms: z.number().min(0) });
interface Assigned {
  readonly agent: string;
  readonly task: string;
  readonly priority?: Priority | undefined;
}

type Skill = (task: string, ctx: StepContext) => Promise<string>;

/** A subtask goes to its agent; within the agent to the step of its priority, which is part of a plan. */
export function teamOf(ports: ExamplePorts): Primitive<Assigned, z.output<typeof Work>> {
  const skills = skillsOf(ports);
  const members = TEAM.map((agent) => [agent, member(agent, skills[agent])] as const);
  // The cases are all of TEAM; a name that is none of them ends with `no_case`.
  const cases = Object.fromEntries(members) as Record<TeamMember, ReturnType<typeof member>>;
  return match('agent', ({ agent }: Assigned) => agent as TeamMember, cases);
}

function member(agent: TeamMember, skill: Skill): Primitive<Assigned, z.output<typeof Work>> {
  const work = step({
    name: agent,
    queue: EXAMPLE_QUEUE,
    input: Task,
    output: Work,
    run: async ({ task }, ctx) => {
      const startedAt = ctx.now();
      const result = await skill(task, ctx);
      return { result, duration_ms: ctx.now() - startedAt };
    },
  })
    .timeout(MODEL_TIMEOUT_MS)
    .retry({ maxAttempts: 2, baseDelayMs: 200 });
  const entries = PRIORITIES.map((priority) => [priority, prioritised(work, priority)] as const);
  const cases = Object.fromEntries(entries) as Record<Priority, typeof work>;
  return match('priority', ({ priority = 'normal' }: Assigned) => priority, cases);
}

function prioritised<I, O>(work: Primitive<I, O>, priority: Priority): Primitive<I, O> {
  return work.plan.kind === 'step' ? make({ ...work.plan, priority }) : work;
}

function skillsOf({ model, documents }: ExamplePorts): Readonly<Record<TeamMember, Skill>> {
  const ask = (prompt: string, ctx: StepContext): Promise<string> =>
    ctx.memo('said', async () => {
      return (await model.generate({ model: LARGE, prompt, maxOutputTokens: 300 }, ctx)).text;
    });
  return {
    data_analyst: (task, ctx) => ask(taskPrompt('data_analyst', task), ctx),
    summarizer: (task, ctx) => ask(taskPrompt('summarizer', task), ctx),
    async researcher(task, ctx) {
      const found = await documents.search(task, { limit: 3, signal: ctx.signal });
      if (found.length === 0) return 'Nothing is written about this.';
      return ask(answerPrompt(task, passagesWithin(found, MAX_CONTEXT_CHARACTERS)), ctx);
    },
    async fact_checker(task, ctx) {
      const claim = task.replace(/^.*?\b(whether|that|check|verify):?\s+/i, '');
      const found = await documents.search(claim, { limit: 3, signal: ctx.signal });
      const support = found.find(({ title, text }) => shareOf(claim, `${title} ${text}`) >= KNOWN_SHARE);
      return support === undefined ? 'Nothing supports this.' : `Supported by "${support.title}".`;
    },
  };
}
