import { decodeSessionContext } from '../sessions/session-context.ts';
import { decodeTurnFields } from '../sessions/session-store.ts';
import { createStarterWorld } from '../sessions/world/starter-world.ts';
import { decodeWorld } from '../sessions/world-codec.ts';
import type { StepFacts } from '../primitives/durable/begin-step.ts';
import { callDefinition } from './call-definition.ts';
import type { Catalog } from './catalog/catalog.ts';
import type { WorkflowDefinition } from './definition.ts';

/** The steps of all known definitions, as the shell of an agent job asks for them. */
export function createStepPlans(catalog: Catalog) {
  return {
    find(workflow: string, version: number, path: string) {
      const definition = catalog.find(workflow, version);
      const index = definition?.steps.findIndex((step) => step.id === path) ?? -1;
      return definition === undefined || index < 0 ? null : planOf(definition, index);
    },
  };
}

function planOf(definition: WorkflowDefinition, index: number) {
  const step = definition.steps[index]!;
  return {
    timeoutMs: step.timeoutMs,
    recentTurns: step.recentTurns,
    upstream: definition.steps.slice(0, index).map((earlier) => earlier.id),
    input(facts: StepFacts): unknown {
      const session = facts.session === null ? null : decodeSessionContext(facts.session);
      const world = worldOf(facts, session?.worldId ?? null);
      const recentTurns = facts.recentTurns.toReversed().map(decodeTurnFields);
      const { input, results } = facts;
      return callDefinition(definition.name, () =>
        step.input({ input, results, session, world, recentTurns }),
      );
    },
  };
}

/** A session whose world was never written stands in the world every story begins in. */
function worldOf(facts: StepFacts, worldId: string | null) {
  if (facts.world !== null) return decodeWorld(facts.world);
  return worldId === null ? null : createStarterWorld(worldId, new Date(0).toISOString());
}
