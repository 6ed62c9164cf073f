import type { Caller } from '../../contracts/caller.ts';
import type { ExportedRun, SessionExport } from '../../contracts/session-export.ts';
import { toIso } from '../../kernel/clock.ts';
import { readRun, type RunFacts } from '../../primitives/durable/read-run.ts';
import { toBackendError } from '../../redis/script.ts';
import { getSession, listTurns } from '../../sessions/session-store.ts';
import { readStoredWorld } from '../../sessions/world-codec.ts';
import { isOwner, sessionForbidden } from '../../workflows/access.ts';
import { viewRun } from '../../workflows/run-view.ts';
import type { OperationsContext } from './context.ts';

const ALL_TURNS = 1000;

/**
 * Everything that is kept of a session. Its parts are read one after the other, so a turn that goes on meanwhile may be
 * in one and not in another.
 *
 * Errors: session_not_found, forbidden, backend_unavailable. One round trip for each run.
 */
export async function exportSessionFor(
  ctx: OperationsContext,
  sessionId: string,
  caller: Caller,
): Promise<SessionExport> {
  const { store, clock } = ctx.workflows;
  const { view: session, createdBy } = await getSession(store, sessionId);
  if (!isOwner(caller, { userId: session.user_id, keyId: createdBy })) throw sessionForbidden(sessionId);
  const { items } = await listTurns(store, sessionId, { limit: ALL_TURNS });
  const world = await readStoredWorld(store, session.world_id);
  return {
    format: 'ao-session-1',
    exported_at: toIso(clock.now()),
    session,
    turns: items.toReversed(),
    // As it stands, also where this release could not read it.
    world: world === null ? null : JSON.parse(world.data),
    runs: await runsOf(ctx, sessionId),
  };
}

async function runsOf(ctx: OperationsContext, sessionId: string): Promise<ExportedRun[]> {
  const { store, catalog } = ctx.workflows;
  const toRead = await runIdsOf(ctx, sessionId);
  const runs: ExportedRun[] = [];
  for (let id = toRead.shift(); id !== undefined; id = toRead.shift()) {
    const facts = await readRun(store, id);
    if (facts === null) continue;
    runs.push(exported(facts, viewRun(catalog, facts)));
    toRead.unshift(...calledBy(facts));
  }
  return runs;
}

async function runIdsOf({ workflows: { store } }: OperationsContext, sessionId: string): Promise<string[]> {
  try {
    return await store.redis.zrange(store.keys.sessionRuns(sessionId), '0', '-1');
  } catch (error) {
    throw toBackendError(error, 'reading the runs of a session');
  }
}

function exported(facts: RunFacts, view: Omit<ExportedRun, keyof RunFacts | 'input'>): ExportedRun {
  const { run, results, errors, decisions, signals, events } = facts;
  return {
    ...view,
    input: run.input,
    results,
    errors,
    decisions,
    signals,
    events: events.map(({ type, at, step, agent, data }) => ({
      type,
      at: toIso(at),
      ...(step === '' ? {} : { step }),
      ...(agent === '' ? {} : { agent }),
      ...(data === undefined ? {} : { data }),
    })),
  };
}

/** A call is told as a step of the run that made it. */
function calledBy({ run, events }: RunFacts): string[] {
  const ids = events.map(({ data }) => data?.['run_id']);
  return [...new Set(ids)].filter(
    (id): id is string => typeof id === 'string' && id.startsWith(`${run.run_id}.`),
  );
}
