import { z } from 'zod';
import { PRIORITIES } from '../../contracts/priority.ts';
import { FleetError } from '../../kernel/errors.ts';
import { step } from '../../primitives/compose/combine.ts';
import { workflow } from '../../primitives/compose/workflow-builder.ts';
import {
  askForJson,
  badOutput,
  EXAMPLE_QUEUE,
  MODEL_TIMEOUT_MS,
  RUN_TIMEOUT_MS,
  type ExamplePorts,
  type ExampleWorkflow,
} from './ports.ts';
import { planPrompt } from './prompts.ts';
import { teamOf } from './team.ts';

const MAX_SUBTASKS = 20;

const Request = z.strictObject({
  request: z
    .string()
    .max(4000)
    .regex(/[\p{L}\p{N}]/u, 'expected at least a letter or a digit'),
});
const Subtask = z.object({
  /** One nobody knows fails its own subtask alone. */
  agent: z.string().min(1).max(64),
  task: z.string().min(1).max(4000),
  priority: z.enum(PRIORITIES).default('normal'),
});
const Subtasks = z.object({ subtasks: z.array(Subtask).min(1).max(MAX_SUBTASKS) });
const Failed = z.object({ agent: z.string(), task: z.string(), error: z.string() });
const Done = z.object({ agent: z.string(), result: z.string(), duration_ms: z.number().min(0) });

const MultiAgentOutput = z.strictObject({
  status: z.enum(['complete', 'partial']),
  /** By agent; of a second subtask of the same agent under `<agent>_2`. */
  results: z.record(z.string(), z.string()),
  failed: z.array(Failed),
  metrics: z.record(z.string(), z.number()),
});

/** A coordinator splits a request among agents that work side by side; what some of them cannot do fails alone. */
export function multiAgentWorkflow(ports: ExamplePorts): ExampleWorkflow {
  const team = teamOf(ports);

  const coordinate = step({
    name: 'coordinate',
    queue: EXAMPLE_QUEUE,
    input: Request,
    output: Subtasks,
    run: async ({ request }, ctx) => {
      const plan = await askForJson(ports.model, planPrompt(request), Subtasks, ctx);
      if (plan === undefined) throw badOutput('the coordinator gave no readable plan');
      return plan;
    },
  }).timeout(MODEL_TIMEOUT_MS);

  const plan = workflow({
    name: 'multi_agent',
    version: 1,
    input: Request,
    output: MultiAgentOutput,
    timeoutMs: RUN_TIMEOUT_MS,
  })
    .step('plan', { step: coordinate, input: ({ input }) => input, retry: { attempts: 3, delayMs: 200 } })
    .map(
      'subtasks',
      ({ plan: { subtasks } }) => subtasks,
      (chain) => chain.step('work', { step: team, input: ({ item }) => item }),
      { join: 'settled', concurrency: MAX_SUBTASKS, maxItems: MAX_SUBTASKS },
    )
    .step('report', {
      step: aggregate,
      input: ({ plan: { subtasks: asked }, subtasks }) => {
        const done: z.input<typeof Done>[] = [];
        const failed: z.input<typeof Failed>[] = [];
        for (const [index, { agent, task }] of asked.entries()) {
          const ended = subtasks[index];
          if (ended?.status === 'ok') done.push({ agent, ...ended.value.work });
          else failed.push({ agent, task, error: ended?.error.code ?? 'step_failed' });
        }
        return { done, failed };
      },
    })
    .output(({ report }) => report);
  return { ...plan, needsIntent: false, needsRedis: false };
}

/** Gets what succeeded and the list of what did not. Errors: all_subtasks_failed */
const aggregate = step({
  name: 'aggregate',
  queue: EXAMPLE_QUEUE,
  input: z.object({ done: z.array(Done), failed: z.array(Failed) }),
  output: MultiAgentOutput,
  run: async ({ done, failed }) => {
    if (done.length === 0) {
      throw new FleetError({
        code: 'all_subtasks_failed',
        kind: 'internal',
        retryable: false,
        message: `none of ${failed.length} subtasks was done: ${failed.map(({ agent, error }) => `${agent}: ${error}`).join(', ')}`,
        details: { failed },
      });
    }
    const named = withNames(done);
    return {
      status: failed.length === 0 ? ('complete' as const) : ('partial' as const),
      results: Object.fromEntries(named.map(([name, { result }]) => [name, result])),
      failed,
      metrics: Object.fromEntries(named.map(([name, { duration_ms: ms }]) => [name, ms])),
    };
  },
});

function withNames(done: readonly z.output<typeof Done>[]): [string, z.output<typeof Done>][] {
  const seen = new Map<string, number>();
  return done.map((item) => {
    const count = (seen.get(item.agent) ?? 0) + 1;
    seen.set(item.agent, count);
    return [count === 1 ? item.agent : `${item.agent}_${count}`, item];
  });
}
