import { releaseStories } from '../../safety/screening/withheld-stories.ts';
import { hasRole, type Caller } from '../../contracts/caller.ts';
import type { Intervention } from '../../contracts/intervention.ts';
import {
  ResolveIntervention,
  type InterventionOperations,
} from '../../contracts/safety-operations/interventions.ts';
import type { SafetyHealth, SafetyReportOperations } from '../../contracts/safety-operations/reports.ts';
import { FleetError } from '../../kernel/errors.ts';
import { closeByPerson } from '../../safety/interventions/evolve.ts';
import { interventionNotFound } from '../../safety/interventions/record.ts';
import { dashboard, report, type ReportContext } from '../../safety/report/report.ts';
import { getSession } from '../../sessions/session-store.ts';
import { validationFailed } from '../../workflows/start.ts';
import type { OperationsContext } from './context.ts';

/** Interventions for people: only administrators see and change them. */
export function interventionOperations(ctx: OperationsContext): InterventionOperations {
  const { interventions, pseudonyms } = ctx.safetyState;
  const { store, clock } = ctx.workflows;
  return {
    async listInterventions({ state, level, limit, after }, caller) {
      assertAdmin(caller);
      return interventions.list({
        limit,
        ...(state === undefined ? {} : { state }),
        ...(level === undefined ? {} : { level }),
        ...(after === undefined ? {} : { after }),
      });
    },
    async getIntervention(id, caller) {
      assertAdmin(caller);
      const found = await interventions.get(id);
      if (found === null) throw interventionNotFound(id);
      return found;
    },
    async resolveIntervention(id, request, caller) {
      assertAdmin(caller);
      const parsed = ResolveIntervention.safeParse(request);
      if (!parsed.success) throw validationFailed(parsed.error, 'resolution', '');
      const { human_id: humanId, outcome, notes } = parsed.data;
      const close = (now: Intervention): Intervention | null => {
        // The same request again, for example because its answer was lost.
        const isRepeat =
          now.state === outcome && now.resolved_by === humanId && now.resolution_notes === notes;
        return isRepeat ? null : closeByPerson(now, { humanId, outcome, notes }, clock.now());
      };
      return interventions.change(id, close, { actor: actorOf(caller), what: `closed by ${humanId}` });
    },
    async releaseSession(sessionId, caller) {
      assertAdmin(caller);
      const released = await interventions.releaseSession(sessionId, actorOf(caller));
      await releaseStories(store, sessionId);
      // A session of which nothing is remembered is not held.
      if (released === null) await getSession(store, sessionId);
      return { session_id: sessionId, was_held: released?.wasHeld ?? false };
    },
    async forgetPlayer(userId, caller) {
      assertAdmin(caller);
      const hash = pseudonyms.userHash(userId, '');
      const { wasKnown, detached, open } = await interventions.forgetUser(hash, actorOf(caller));
      return { was_known: wasKnown, detached_interventions: detached, open_interventions: open };
    },
  };
}

/** What the fleet's state says of the health of its safety, beside the rules. Errors: backend_unavailable. */
export async function safetyHealth(ctx: OperationsContext): Promise<SafetyHealth> {
  return (await dashboard(reportContext(ctx))).system_health;
}

export function safetyReportOperations(ctx: OperationsContext): SafetyReportOperations {
  const context = reportContext(ctx);
  return {
    async safetyDashboard(caller) {
      assertAdmin(caller);
      return dashboard(context);
    },
    async safetyReport(hours, caller) {
      assertAdmin(caller);
      return report(context, hours);
    },
  };
}

function reportContext(ctx: OperationsContext): ReportContext {
  const { interventions, log } = ctx.safetyState;
  return {
    store: ctx.workflows.store,
    clock: ctx.workflows.clock,
    settings: ctx.safetySettings,
    interventions,
    async rules() {
      if (!ctx.isSafetyEnabled) return null;
      const { last_error: refused } = (await ctx.safety()).rules.status();
      return {
        isLoaded: true,
        lastError: refused === null ? null : (refused.errors[0]?.message ?? refused.source),
      };
    },
    walPending: () => log.pending,
  };
}

/** A key may be named like a machine; whoever asks here is a person. */
function actorOf(caller: Caller): string {
  return /^system(:|$)/.test(caller.id) ? `key:${caller.id}` : caller.id;
}

function assertAdmin(caller: Caller): void {
  if (hasRole(caller, 'admin')) return;
  throw new FleetError({
    code: 'forbidden',
    kind: 'forbidden',
    message: 'the safety of players is for administrators',
  });
}
