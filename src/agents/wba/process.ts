import { systemClock, toIso, type Clock } from '../../kernel/clock.ts';
import { FleetError } from '../../kernel/errors.ts';
import type { StepValidation } from '../../contracts/safety.ts';
import type { OutputJudge } from '../../safety/screening/judge-output.ts';
import type { Provenance } from '../../contracts/provenance.ts';
import { WbaInput, WbaOutput, type World, type WorldOperation } from '../../contracts/world.ts';
import { applyOperations, type PatchResult } from '../../sessions/world/operations.ts';
import { judgeProposal, type RefusedProposal } from '../../sessions/world/proposed-place.ts';
import { viewOf } from '../../sessions/world/view.ts';
import type { Agent, AgentContext } from '../agent.ts';
import { askForPlace, type Proposed } from './ask-for-place.ts';
import { describeView } from './describe.ts';
import { judgeOperations, type JudgedOperations } from './free-texts.ts';
import { planOperations } from './plan-operations.ts';

export type WorldBuilder = Agent<typeof WbaInput, typeof WbaOutput>;

export interface WorldBuilderOptions {
  /** Told of every operation that was refused, and where it came from. */
  readonly onRejected?: (code: string, origin: 'model' | 'intent' | 'operations') => void;
  /** Judges the words that are to be written; null: nobody does. */
  readonly judge?: OutputJudge | null;
  /** Told of words that were not written. */
  readonly onBlocked?: (validation: StepValidation) => void;
}

interface Step extends PatchResult {
  readonly refused: readonly RefusedProposal[];
  readonly output: WbaOutput;
}

/**
 * The world builder: reads or changes a world in one transaction.
 *
 * 1. Where a model is configured and the step leads to a place nobody has seen, the model is asked for it first.
 * 2. The transaction: what it decides depends on the input, the stored world and the model's answer alone. The clock only
 *    stamps, and is read once before, because the transaction may run its function again after losing a race.
 *
 * Errors: those of WorldAccess.transact; world_version_conflict (conflict, never retried) with the policy `fail`
 * Source: spec, workflows 3.2
 */
export function createWorldBuilder(
  clock: Clock,
  { onRejected = () => {}, judge = null, onBlocked = () => {} }: WorldBuilderOptions = {},
): WorldBuilder {
  return {
    name: 'wba',
    input: WbaInput,
    output: WbaOutput,
    async run(input, ctx) {
      ctx.signal.throwIfAborted();
      const nowIso = toIso(clock.now());
      const { expected_version: expected, conflict_policy: policy = 'rebase' } = input;
      const options = policy === 'overwrite' && expected !== undefined ? { ofVersion: expected } : {};
      const origin = input.operations.length > 0 ? 'operations' : 'intent';
      const judged = judgeOperations(operationsOf(input), judge);
      const { operations } = judged;
      for (const { validation } of judged.blocked) onBlocked(validation);
      const accepts = (texts: readonly string[]): boolean => {
        const validation = judge?.judge(texts.join('\n'));
        if (validation?.level === 'blocked') onBlocked(validation);
        return validation?.level !== 'blocked';
      };
      const look = (world: World): World => {
        if (policy === 'fail') assertVersion(world, expected);
        return world;
      };
      const proposed = await proposalFor(input, operations, ctx, look, options, accepts);
      let step: Step | null = null;
      const output = await ctx.worlds.transact(
        input.world_id,
        (world) => (step = carryOut(look(world), judged, nowIso, proposed)),
        options,
      );
      report(step, (code, fromModel) => onRejected(code, fromModel ? 'model' : origin));
      return output;
    },
  };
}

export const wba: WorldBuilder = createWorldBuilder(systemClock);

/** Looks at the world only where there is somebody to ask about it. */
async function proposalFor(
  input: WbaInput,
  operations: readonly WorldOperation[],
  ctx: AgentContext,
  look: (world: World) => World,
  options: { readonly ofVersion?: number },
  accepts: (texts: readonly string[]) => boolean,
): Promise<Proposed | null> {
  if (ctx.language === null || operations.length === 0) return null;
  const world = await ctx.worlds.transact(
    input.world_id,
    (present) => ({ next: null, output: look(present) }),
    options,
  );
  return askForPlace(world, operations, ctx, accepts);
}

function carryOut(world: World, judged: JudgedOperations, nowIso: string, proposed: Proposed | null): Step {
  let refused: readonly RefusedProposal[] = [];
  let taken = 0;
  let isAskedFor = false;
  const patch = applyOperations(world, judged.operations, nowIso, (place, draft, at) => {
    if (proposed === null || at.from !== proposed.from || at.direction !== proposed.direction) return place;
    isAskedFor = true;
    if (!proposed.ok) return place;
    const fitting = judgeProposal(proposed.proposal, place, draft);
    ({ refused, taken } = fitting);
    return fitting.place;
  });
  const { next } = patch;
  const inRequest = <T extends { readonly index: number }>(done: T): T => ({
    ...done,
    index: judged.places[done.index] ?? done.index,
  });
  const applied = patch.applied.map(inRequest);
  const rejected = [...patch.rejected.map(inRequest), ...judged.rejected].sort((a, b) => a.index - b.index);
  const view = viewOf(next ?? world);
  return {
    next,
    applied,
    rejected,
    refused,
    output: {
      world_id: world.world_id,
      world_state: view,
      version: view.version,
      updated: next !== null,
      applied,
      rejected,
      description: describeView(view),
      cached: false,
      ...(judged.validation === null ? {} : { therapeutic_validation: judged.validation }),
      ...provenanceOf(proposed, isAskedFor, taken),
    },
  };
}

/** Without a new place nothing is missing, whatever the model said. */
function provenanceOf(proposed: Proposed | null, isAskedFor: boolean, taken: number): Provenance {
  const usage = proposed?.usage === undefined ? {} : { usage: proposed.usage };
  if (proposed === null || !isAskedFor) return { source: 'local', degraded: false, ...usage };
  if (!proposed.ok) return { source: 'local', degraded: true, degraded_reasons: [proposed.reason], ...usage };
  if (taken === 0) return { source: 'local', degraded: true, degraded_reasons: ['invalid_output'], ...usage };
  const { provider, model } = proposed;
  return { source: 'llm', provider, model, degraded: false, ...usage };
}

function report(step: Step | null, tell: (code: string, fromModel: boolean) => void): void {
  for (const { code } of step?.rejected ?? []) tell(code, false);
  for (const { code } of step?.refused ?? []) tell(code, true);
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
function operationsOf({ action, operations, intent }: WbaInput): WbaInput['operations'] {
  if (action === 'fetch') return [];
  if (operations.length > 0) return operations;
  // Somebody who must be cared for has not come to act.
  if (intent?.short_circuit !== undefined) return [];
  return intent === null || intent === undefined ? [] : planOperations(intent);
}
