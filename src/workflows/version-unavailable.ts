import { FleetError } from '../kernel/errors.ts';

/** A job whose definition is not here waits for a worker that has it. */
export function versionUnavailable(workflow: string, version: number): FleetError {
  return new FleetError({
    code: 'workflow_version_unavailable',
    kind: 'unavailable',
    message: `this worker has no workflow ${workflow}@${version}`,
    retryAfterMs: 5_000,
  });
}
