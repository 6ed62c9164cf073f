import type { LeafToAdd } from '../primitives/advance/facts.ts';
import type { StepFacts } from '../primitives/durable/begin-step.ts';
import { decodeSessionContext } from '../sessions/session-context.ts';
import { decodeTurnFields } from '../sessions/session-store.ts';
import { createStarterWorld } from '../sessions/world/starter-world.ts';
import { decodeWorld } from '../sessions/world-codec.ts';
import type { Catalog } from './catalog/catalog.ts';
import type { Surroundings } from './definition.ts';
import { deriveForStep } from './derive.ts';

/** The steps of all known definitions, as the shell of a step's job asks for them. */
export function createStepPlans(catalog: Catalog) {
  return {
    knows: (workflow: string, version: number): boolean => catalog.find(workflow, version) !== undefined,
    /** The step as the plan wants it now; null when the plan does not want it (any more). */
    open(workflow: string, version: number, path: string, facts: StepFacts, nowMs: number): LeafToAdd | null {
      const definition = catalog.find(workflow, version);
      if (definition === undefined) return null;
      const next = deriveForStep(definition, facts, surroundings(facts), nowMs);
      return next.add.find((leaf) => leaf.path === path) ?? null;
    },
  };
}

/** Decoded only when an input asks for it. */
function surroundings(facts: StepFacts): Surroundings {
  const session = facts.session === null ? null : decodeSessionContext(facts.session);
  return {
    session,
    get world() {
      if (facts.world !== null) return decodeWorld(facts.world);
      // A session whose world was never written stands in the world every story begins in.
      return session === null ? null : createStarterWorld(session.worldId, new Date(0).toISOString());
    },
    get recentTurns() {
      return facts.recentTurns.toReversed().map(decodeTurnFields);
    },
  };
}
