import type { Core } from '../../src/runtime/core.ts';
import { openPeople, type People } from '../../src/runtime/open-people.ts';
import { openSafetyState } from '../../src/runtime/open-safety-state.ts';

/** The way to people of a core, opened anew with each question. */
export function peopleOf(core: Core): () => Promise<People> {
  return async () => openPeople(core, (await openSafetyState(core)).interventions);
}
