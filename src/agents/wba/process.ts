import { systemClock, toIso, type Clock } from '../../kernel/clock.ts';
import { FleetError } from '../../kernel/errors.ts';
import { WbaInput, WbaOutput, type World } from '../../contracts/world.ts';
import { applyOperations } from '../../sessions/world/operations.ts';
import { viewOf } from '../../sessions/world/view.ts';
import type { Agent } from '../agent.ts';
import { describeView } from './describe.ts';
import { planOperations } from './plan-operations.ts';

export type WorldBuilder = Agent<typeof WbaInput, typeof WbaOutput>;

/**
 * The world builder: reads or changes a world in one transaction. What it decides depends on the input and the
 * stored world alone; the clock only stamps, and is read once before the transaction, because that may run
 * its function again after losing a race.
 *
 * Errors: those of WorldAccess.transact; world_version_conflict (conflict, never retried) with the policy `fail`
 * Source: spec, workflows 3.2
 */
export function createWorldBuilder(clock: Clock): WorldBuilder {
  return {
    name: 'wba',
    input: WbaInput,
    output: WbaOutput,
    async run(input, ctx) {
      ctx.signal.throwIfAborted();
      const nowIso = toIso(clock.now());
      const { expected_version: expected, conflict_policy: policy = 'rebase' } = input;
      return ctx.worlds.transact(
        input.world_id,
        (world) => {
          if (policy === 'fail') assertVersion(world, expected);
          return step(world, input, nowIso);
        },
        policy === 'overwrite' && expected !== undefined ? { ofVersion: expected } : {},
      );
    },
  };
}

export const wba: WorldBuilder = createWorldBuilder(systemClock);

function step(
  world: World,
  input: WbaInput,
  nowIso: string,
): { next: World | null; output: WbaOutput; applied: WbaOutput['applied'] } {
  const operations = input.action === 'fetch' ? [] : operationsOf(input);
  const { next, applied, rejected } = applyOperations(world, operations, nowIso);
  const view = viewOf(next ?? world);
  return {
    next,
    applied,
    output: {
      world_id: world.world_id,
      world_state: view,
      version: view.version,
      updated: next !== null,
      applied,
      rejected,
      description: describeView(view),
      cached: false,
      source: 'local',
      degraded: false,
    },
  };
}

function assertVersion({ world_id: worldId, version }: World, expected: number | undefined): void {
  if (version === expected) return;
  throw new FleetError({
    code: 'world_version_conflict',
    kind: 'conflict',
    retryable: false,
    message: `world "${worldId}" is at version ${version}, not ${expected}: read it again`,
    details: { current_version: version },
  });
}

/** Explicit operations win; only without them does the intent decide. */
function operationsOf(input: WbaInput): WbaInput['operations'] {
  if (input.operations.length > 0) return input.operations;
  return input.intent === null || input.intent === undefined ? [] : planOperations(input.intent);
}
