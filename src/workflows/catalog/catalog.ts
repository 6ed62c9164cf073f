import { FleetError } from '../../kernel/errors.ts';
import { nearest } from '../../kernel/suggest.ts';
import type { WorkflowDefinition } from '../definition.ts';
import { refuseProblems } from '../../primitives/compose/workflow-builder.ts';
import { checkCalls } from './check-calls.ts';
import { checkDefinition } from './check-definition.ts';

/** The definitions a process knows. Runs pin name and version; "latest" is resolved when they start. */
export interface Catalog {
  /** Sorted. */
  names(): string[];
  /** Ascending; empty for an unknown name. */
  versions(name: string): WorkflowDefinition[];
  /** Errors: workflow_not_found (not_found), with the nearest known name. */
  latest(name: string): WorkflowDefinition;
  /** undefined: this process does not have that version. */
  find(name: string, version: number): WorkflowDefinition | undefined;
}

/** Errors: invalid_workflow (invalid_input) for a definition this fleet cannot run. */
export function createCatalog(definitions: readonly WorkflowDefinition[]): Catalog {
  for (const definition of definitions) checkDefinition(definition);
  const [problem] = checkCalls(definitions);
  if (problem !== undefined) refuseProblems(problem.caller, [problem]);
  return catalogOf(definitions);
}

/** The same of definitions that were checked before. Of two with one name and version the first stands. */
export function catalogOf(definitions: readonly WorkflowDefinition[]): Catalog {
  const byName = new Map<string, Map<number, WorkflowDefinition>>();
  for (const definition of definitions) {
    const versions = byName.get(definition.name) ?? new Map<number, WorkflowDefinition>();
    if (!versions.has(definition.version)) versions.set(definition.version, definition);
    byName.set(definition.name, versions);
  }
  const sorted = new Map(
    [...byName].map(([name, found]) => [name, [...found.values()].sort((a, b) => a.version - b.version)]),
  );
  return {
    names: () => [...sorted.keys()].sort(),
    versions: (name) => [...(sorted.get(name) ?? [])],
    latest: (name) => sorted.get(name)?.at(-1) ?? unknownWorkflow(name, sorted.keys()),
    find: (name, version) => byName.get(name)?.get(version),
  };
}

/** The latest version, or the one that is asked for. Errors: workflow_not_found (not_found), with what is known. */
export function findDefinition(catalog: Catalog, name: string, version?: number): WorkflowDefinition {
  const latest = catalog.latest(name);
  if (version === undefined) return latest;
  return catalog.find(name, version) ?? unknownVersion(name, version, catalog.versions(name));
}

function unknownWorkflow(name: string, known: Iterable<string>): never {
  const names = [...known].sort();
  const meant = nearest(name, names);
  const hint = meant === undefined ? '.' : `; did you mean "${meant}"?`;
  throw new FleetError({
    code: 'workflow_not_found',
    kind: 'not_found',
    message: `there is no workflow "${name}"${hint} Known: ${names.join(', ')}`,
    details: { name, known: names },
  });
}

function unknownVersion(name: string, version: number, known: readonly WorkflowDefinition[]): never {
  const versions = known.map((definition) => definition.version);
  throw new FleetError({
    code: 'workflow_not_found',
    kind: 'not_found',
    message: `workflow "${name}" has no version ${version}. Known: ${versions.join(', ')}`,
    details: { name, version, known: versions },
  });
}
