import { z, type ZodType } from 'zod';
import { TurnInput } from '../../contracts/turn.ts';
import type { Agents } from '../../primitives/define/agents.ts';
import { defineWorkflow, type DefinedWorkflow } from '../../primitives/define/define.ts';
import { staticLeaves, type StaticLeaf } from '../../primitives/plan/leaves.ts';
import { checkDefinition } from '../catalog/check-definition.ts';
import { tellIntent, tellStory, tellWorld } from '../catalog/replies.ts';
import { isAgentName } from '../catalog/steps.ts';
import { isCustomType } from './custom-type.ts';
import type { ReplyFacts, RunReply, WorkflowDefinition } from '../definition.ts';

export interface CompileOptions {
  readonly agents: Agents;
  /** Where a definition has no total time. */
  readonly runTimeoutMs: number;
}

/**
 * A definition without code as a workflow of the fleet.
 *
 * - steps that take what their agents take by default make its input a player's turn
 * - where none of them comes after an IPA, the text is understood before the run begins
 * - a compact definition with agents of the fleet that runs in a session tells its turn, as the built-in workflows do
 *
 * Errors: invalid_workflow (invalid_input, 422) with every problem
 */
export function compileDefinition(content: unknown, options: CompileOptions): WorkflowDefinition {
  const { agents, runTimeoutMs } = options;
  const defined = defineWorkflow(content, { agents, timeoutMs: runTimeoutMs });
  const { name, version, timeoutMs, plan } = defined;
  const leaves = staticLeaves(plan);
  const definition: WorkflowDefinition = {
    name,
    version,
    timeoutMs,
    plan,
    input: inputOf(defined),
    needsIntent: needsIntent(defined),
    isStored: true,
    looksAround: defined.form !== 'full',
    ...(defined.form === 'full' || !leaves.some(({ queue }) => isAgentName(queue))
      ? {}
      : { reply: (facts: ReplyFacts<never>) => (facts.session === null ? null : tell(leaves, facts)) }),
  };
  checkDefinition(definition, (queue) => isAgentName(queue) || isCustomType(queue));
  return definition;
}

/** Agents that are not the fleet's take any input. */
function inputOf({ form, defaults }: DefinedWorkflow): ZodType {
  if (!defaults.some(({ queue }) => isAgentName(queue))) return z.json();
  return form === 'full' ? TurnInput.loose() : TurnInput;
}

function needsIntent({ defaults }: DefinedWorkflow): boolean {
  return defaults.some(({ queue, after }) => isAgentName(queue) && queue !== 'ipa' && !after.includes('ipa'));
}

/** From the last story there is, else the last look at the world, else what was understood. */
function tell(leaves: readonly StaticLeaf[], facts: ReplyFacts<never>): RunReply {
  const results: Record<string, unknown> = {};
  for (const { path, queue } of leaves) {
    const result = facts.results[path];
    if (result != null) results[queue] = result;
  }
  const told: ReplyFacts<TurnInput> = { ...facts, results };
  if (results['nga'] !== undefined) return tellStory(told);
  return results['wba'] === undefined ? tellIntent(told) : tellWorld(told);
}
