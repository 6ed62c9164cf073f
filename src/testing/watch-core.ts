import type { FlowJob, FlowProducer } from 'bullmq';
import type { Agent } from '../agents/agent.ts';
import type { AgentName } from '../contracts/agent-type.ts';
import { mapLeaves } from '../primitives/testing/map-plan.ts';
import type { RedisClient } from '../redis/connect.ts';
import { scriptByDigest } from '../redis/script.ts';
import type { RedisStore } from '../redis/store.ts';
import type { Core } from '../runtime/core.ts';
import type { WorkflowDefinition } from '../workflows/definition.ts';
import { BRANCH, type Moment } from './kill-points.ts';

/** Told of every moment; what it returns is waited for before the process goes on. */
export type Watcher = (moment: Moment) => Promise<void>;

/** The same core, whose scripts and additions of jobs are seen by the watcher. Nothing in the product knows of it. */
export function watchCore(core: Core, watcher: Watcher): Core {
  const store: RedisStore = { ...core.store, redis: watchScripts(core.store.redis, watcher) };
  const flows = watchChildren(core.workflows.flows, watcher);
  return { ...core, store, workflows: { ...core.workflows, store, flows } };
}

/** The same definition, whose handlers are seen by the watcher. */
export function watchHandlers(definition: WorkflowDefinition, watcher: Watcher): WorkflowDefinition {
  const plan = mapLeaves(definition.plan, (leaf) => {
    if (leaf.kind !== 'step' || leaf.run === undefined) return leaf;
    const { run } = leaf;
    return { ...leaf, run: (input: never, ctx: never) => seen(watcher, pathOf(ctx), () => run(input, ctx)) };
  });
  return { ...definition, plan };
}

/** The same agents, whose calls are seen by the watcher. */
export function watchAgents(
  agents: ReadonlyMap<AgentName, Agent>,
  watcher: Watcher,
): ReadonlyMap<AgentName, Agent> {
  return new Map(
    [...agents].map(([name, agent]) => [
      name,
      { ...agent, run: (input, ctx) => seen(watcher, pathOf(ctx), async () => agent.run(input, ctx)) },
    ]),
  );
}

async function seen(watcher: Watcher, path: string, call: () => Promise<unknown>): Promise<unknown> {
  const moment = { what: 'handler', paths: [path] } as const;
  await watcher({ when: 'before', ...moment });
  const answer = call();
  answer.catch(() => undefined); // Whoever waits for the answer below sees it, too.
  await watcher({ when: 'during', ...moment });
  const value = await answer;
  await watcher({ when: 'after', ...moment });
  return value;
}

/** The idempotency key is `<run id>.<path>`, and a run id has no dot. */
function pathOf(ctx: unknown): string {
  const { idempotencyKey } = ctx as { readonly idempotencyKey: string };
  return idempotencyKey.slice(idempotencyKey.indexOf('.') + 1);
}

function watchScripts(redis: RedisClient, watcher: Watcher): RedisClient {
  // By the digest only: a script that the server does not know yet is sent again in full, and that is no second moment.
  const evalsha = async (sha: string, count: number, ...rest: (string | number)[]): Promise<unknown> => {
    const send = (): Promise<unknown> => redis.evalsha(sha, count, ...rest.map(String));
    const script = scriptByDigest(sha);
    if (script === undefined) return send();
    const moment = { what: `script ${script.name}`, paths: rest.slice(count).map(String) } as const;
    await watcher({ when: 'before', ...moment });
    const reply = await send().catch(async (error: unknown) => {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return redis.eval(script.lua, count, ...rest.map(String));
    });
    await watcher({ when: 'after', ...moment });
    return reply;
  };
  return replace(redis, { evalsha });
}

function watchChildren(flows: FlowProducer, watcher: Watcher): FlowProducer {
  const addBulk = async (jobs: FlowJob[]): Promise<unknown> => {
    const moment = { what: 'children', paths: jobs.flatMap(pathsOf) } as const;
    await watcher({ when: 'before', ...moment });
    const nodes = await flows.addBulk(jobs);
    await watcher({ when: 'after', ...moment });
    return nodes;
  };
  return replace(flows, { addBulk });
}

/** Of the steps and branches that a flow holds; a pause has none. */
function pathsOf(flow: FlowJob): string[] {
  const { step, scope } = flow.data as { step?: { path: string }; scope?: string };
  const own = step === undefined ? (scope === undefined ? [] : [`${BRANCH}${scope}`]) : [step.path];
  return [...own, ...(flow.children ?? []).flatMap(pathsOf)];
}

/** The object with some of its methods in other hands; everything else is its own. */
function replace<T extends object>(object: T, methods: Readonly<Record<string, unknown>>): T {
  return new Proxy(object, {
    get(target, name) {
      if (typeof name === 'string' && Object.hasOwn(methods, name)) return methods[name];
      const value: unknown = Reflect.get(target, name, target);
      // Its methods and its private fields belong to the object itself.
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
