import { isOpen } from '../contracts/run.ts';
import type { WhyReason } from '../contracts/why.ts';
import { toIso } from '../kernel/clock.ts';
import { readRunRecord, type RunFacts } from '../primitives/durable/read-run.ts';
import type { WorkflowContext } from './context.ts';

/** Another run of the same session holds the turn: nothing of this one is on a queue. */
export async function turnAhead(ctx: WorkflowContext, { run }: RunFacts): Promise<WhyReason | null> {
  const { redis, keys } = ctx.store;
  if (run.session_id === undefined || run.called_by !== undefined) return null;
  const active = await redis.hget(keys.session(run.session_id), 'active');
  if (active === null || active === run.run_id) return null;
  const [place, holder] = await Promise.all([
    redis.lpos(keys.sessionPending(run.session_id), run.run_id),
    readRunRecord(ctx.store, active),
  ]);
  const between = place === null || place === 0 ? '' : `, and ${place} more of its session go before it`;
  const isHeld = holder !== null && isOpen(holder.status);
  return {
    kind: 'session_turn_ahead',
    subject: active,
    since: toIso(run.created_at),
    ...(isHeld && holder.deadline_at !== undefined ? { until: toIso(holder.deadline_at) } : {}),
    detail: `run ${active} of the same session has the turn (${holder?.status ?? 'its record is gone'})${between}`,
    what_changes_it: isHeld
      ? `the end of run ${active}, at the latest at its deadline`
      : 'the watchdog hands the session over at its next look',
  };
}
