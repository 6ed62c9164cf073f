import { isFleetError } from '../kernel/errors.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import type { Output } from './output.ts';
import type { CliOperations } from './ports.ts';

const PAGE = 500;
/** As for bulk requests over HTTP: more than this is several commands. */
const MOST = 1000;

export interface DeadLetterChoice {
  readonly queue?: string;
  readonly reason?: string;
}

/** Ids of the matching dead letters, newest first, at most 1000; taken before any of them is touched. */
export async function collectDeadLetters(
  operations: Pick<CliOperations, 'listDeadLetters'>,
  choice: DeadLetterChoice,
): Promise<string[]> {
  const ids: string[] = [];
  let after: { at: number; id: string } | undefined;
  while (ids.length < MOST) {
    const limit = Math.min(PAGE, MOST - ids.length);
    const page = await operations.listDeadLetters({
      ...choice,
      limit,
      ...(after !== undefined && { after }),
    });
    ids.push(...page.map((entry) => entry.dlq_id));
    const last = page.at(-1);
    if (last === undefined || page.length < limit) break;
    after = { at: Date.parse(last.dead_at), id: last.dlq_id };
  }
  return ids;
}

/**
 * Does the same to each dead letter; one that fails does not keep the others from their turn.
 *
 * @returns 0, or the exit code of the failure when there was one letter, or 1 when any of several failed
 */
export async function forEachDeadLetter(
  out: Output,
  verb: string,
  ids: readonly string[],
  act: (dlqId: string) => Promise<object>,
): Promise<number> {
  const done: object[] = [];
  const failed: { dlq_id: string; code: string; message: string }[] = [];
  let exitCode: number = EXIT.ok;
  for (const id of ids) {
    try {
      done.push({ dlq_id: id, ...(await act(id)) });
    } catch (error) {
      if (!isFleetError(error) || error.kind === 'unavailable') throw error;
      failed.push({ dlq_id: id, code: error.code, message: error.message });
      exitCode = ids.length === 1 ? exitCodeOf(error) : EXIT.failure;
    }
  }
  for (const { dlq_id, message } of failed) out.warn(`${dlq_id}: ${message}`);
  out.result({ [verb]: done, failed }, [
    `${done.length} ${verb}${failed.length > 0 ? `, ${failed.length} failed` : ''}`,
  ]);
  return exitCode;
}
