import { beginDelayed } from '../primitives/durable/begin-delayed.ts';
import { readRunRecord } from '../primitives/durable/read-run.ts';
import { firstCheckAt, type WorkflowContext } from './context.ts';
import { driveRun, type DriveOutcome } from './drive.ts';
import { endRun } from './end-run.ts';

/**
 * Start a run whose delay is over; any number of times, by anybody. A run whose session is busy then waits for its
 * turn; one whose session is gone fails.
 */
export async function startDelayed(ctx: WorkflowContext, runId: string): Promise<DriveOutcome> {
  const run = await readRunRecord(ctx.store, runId);
  if (run === null) return 'ended';
  const nowMs = ctx.clock.now();
  const begin = await beginDelayed(ctx.store, {
    runId,
    sessionId: run.session_id,
    worldId: run.world_id,
    nowMs,
    nextCheckAtMs: firstCheckAt(nowMs, run.timeout_ms),
  });
  switch (begin) {
    case 'may_start':
      return driveRun(ctx, runId);
    case 'session_gone': {
      const message = `session "${run.session_id}" had expired when the run was to begin`;
      await endRun(ctx, run, { status: 'failed', error: { code: 'session_not_found', message }, nowMs });
      return 'ended';
    }
    case 'queued':
      return 'already_moving';
    case 'ended':
      return 'ended';
  }
}
