import type { LeafToAdd } from '../primitives/advance/facts.ts';
import { staticLeaves } from '../primitives/plan/leaves.ts';
import { progressOfSteps } from '../primitives/plan/progress.ts';
import type { StepFacts } from '../primitives/durable/begin-step.ts';
import type { Catalog } from './catalog/catalog.ts';
import { deriveForStep } from './derive.ts';
import { surroundings } from './surroundings.ts';

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
    /** Its steps that are known beforehand and have no outcome yet. */
    ahead(workflow: string, version: number, { results, errors }: Pick<StepFacts, 'results' | 'errors'>) {
      const definition = catalog.find(workflow, version);
      if (definition === undefined) return [];
      return staticLeaves(definition.plan).filter(({ path }) => !(path in results) && !(path in errors));
    },
    /** How far the run is when the step at `path` is done, too: 0 to 99. */
    progress(workflow: string, version: number, { results }: Pick<StepFacts, 'results'>, path: string) {
      const definition = catalog.find(workflow, version);
      const leaves = definition === undefined ? [] : staticLeaves(definition.plan);
      return progressOfSteps(leaves, (done) => done === path || done in results);
    },
  };
}
