import { FleetError } from '../../kernel/errors.ts';
import { nearest } from '../../kernel/suggest.ts';
import type { WorkflowDefinition } from '../definition.ts';
import { checkDefinition } from './check-definition.ts';

/** The definitions a process knows. Runs pin name and version; "latest" is resolved when they start. */
export interface Catalog {
  names(): string[];
  /** Errors: workflow_not_found (not_found), with the nearest known name. */
  latest(name: string): WorkflowDefinition;
  /** undefined: this process does not have that version. */
  find(name: string, version: number): WorkflowDefinition | undefined;
}

/** Errors: invalid_workflow (invalid_input) for a definition this fleet cannot run. */
export function createCatalog(definitions: readonly WorkflowDefinition[]): Catalog {
  const byName = new Map<string, WorkflowDefinition[]>();
  for (const definition of definitions) {
    checkDefinition(definition);
    const versions = byName.get(definition.name) ?? [];
    byName.set(
      definition.name,
      [...versions, definition].sort((a, b) => a.version - b.version),
    );
  }
  return {
    names: () => [...byName.keys()].sort(),
    latest: (name) => byName.get(name)?.at(-1) ?? unknownWorkflow(name, byName.keys()),
    find: (name, version) => byName.get(name)?.find((definition) => definition.version === version),
  };
}

function unknownWorkflow(name: string, known: Iterable<string>): never {
  const names = [...known].sort();
  const meant = nearest(name, names);
  throw new FleetError({
    code: 'workflow_not_found',
    kind: 'not_found',
    message: `there is no workflow "${name}"${meant === undefined ? '' : `; did you mean "${meant}"?`} Known: ${names.join(', ')}`,
    details: { name, known: names },
  });
}
