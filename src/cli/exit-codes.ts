import { isOpen, type RunStatus } from '../contracts/run.ts';
import { KIND_REACTIONS } from '../kernel/error-kinds.ts';
import { isFleetError } from '../kernel/errors.ts';

/** Exit codes that no error kind decides; the others are in kernel/error-kinds.ts. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  timeout: 5,
  config: 78,
  interrupted: 130,
} as const;

/** The exit code of a thrown value: configuration first, then the error's kind, else 1. */
export function exitCodeOf(error: unknown): number {
  if (!isFleetError(error)) return EXIT.failure;
  return error.code === 'config_invalid' ? EXIT.config : KIND_REACTIONS[error.kind].exitCode;
}

/** How `ao watch`, `ao turn` and `--wait` report the end of a run. */
export function exitCodeOfRun(status: RunStatus): number {
  if (status === 'completed') return EXIT.ok;
  if (status === 'timed_out' || isOpen(status)) return EXIT.timeout;
  return EXIT.failure;
}
