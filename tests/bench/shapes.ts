import type { Config } from '../../config/schema.ts';
import { AGENTS } from '../../src/contracts/agent-type.ts';
import { workflowSettings } from '../../src/runtime/settings.ts';
import { testPrefix } from '../support/redis.ts';
import { startBareFlow, type BareShape } from './bare-flow.ts';
import { compare, type Comparison } from './compare.ts';
import { startFleet } from './fleet.ts';
import {
  IDLE_CHAIN_10,
  IDLE_CHAIN_10_STEPWISE,
  IDLE_FAN_100,
  IDLE_STEPWISE,
  IDLE_WORKFLOW,
} from './idle-workflow.ts';
import type { Plan } from './plan.ts';

interface Shape {
  readonly bare: BareShape;
  readonly workflows: readonly string[];
  /** Of the runs of a round: larger runs, fewer of them. */
  readonly share: number;
}

const tenSteps = Array.from({ length: 10 }, (_, index) => AGENTS[index % AGENTS.length]!);
const hundredSteps = Array.from({ length: 100 }, () => 'nga');

const SHAPES: Readonly<Record<ShapeName, Shape>> = {
  stepwise: {
    bare: { name: 'bare', steps: AGENTS, form: 'chain' },
    workflows: [IDLE_WORKFLOW, IDLE_STEPWISE],
    share: 1 / 2,
  },
  chain_10: {
    bare: { name: 'bare', steps: tenSteps, form: 'chain' },
    workflows: [IDLE_CHAIN_10, IDLE_CHAIN_10_STEPWISE],
    share: 1 / 5,
  },
  fan_100: {
    bare: { name: 'bare', steps: hundredSteps, form: 'fan' },
    workflows: [IDLE_FAN_100],
    share: 1 / 40,
  },
};

export const SHAPE_NAMES = ['stepwise', 'chain_10', 'fan_100'] as const;
export type ShapeName = (typeof SHAPE_NAMES)[number];

/** Runs of one shape on the fleet against the same jobs of plain BullMQ, in turn. */
export async function measureShape(
  name: ShapeName,
  common: { readonly redisUrl: string; readonly config: Config; readonly concurrency: number },
  plan: Plan,
): Promise<Comparison> {
  const { bare: shape, workflows, share } = SHAPES[name];
  const { retention } = workflowSettings(common.config);
  await using fleet = await startFleet({
    ...common,
    queues: ['ipa', 'wba', 'nga', 'flow', 'maintenance'],
  });
  await using bare = await startBareFlow({ ...common, prefix: testPrefix(), retention, shape });
  const runs = Math.max(2, Math.round(plan.runsPerRound * share));
  return await compare([bare, ...workflows.map((workflow) => fleet.running(workflow))], plan.rounds, runs);
}
