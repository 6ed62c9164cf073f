import type { SafetyOperations } from '../../../../src/contracts/safety-operations/group.ts';
import { FleetError } from '../../../../src/kernel/errors.ts';
import { beginIntervention } from '../../../../src/safety/interventions/evolve.ts';
import { crisisOf } from '../../../support/interventions.ts';

/** Who asks, and what for, is told to `enter`, which may throw. */
export function fakeSafety(enter: (name: string, ...args: unknown[]) => void): SafetyOperations {
  const interventions = [1, 2, 3].map((n) => beginIntervention(crisisOf({ sessionId: `s${n}` })));
  const find = (id: string) => {
    const found = interventions.find((one) => one.intervention_id === id);
    if (found !== undefined) return found;
    throw new FleetError({ code: 'intervention_not_found', kind: 'not_found', message: `no "${id}"` });
  };
  const unknown = async (): Promise<never> => {
    throw new FleetError({ code: 'not_here', kind: 'not_found', message: 'the fake has none' });
  };
  return {
    interventions: {
      async list(filter, caller) {
        enter('safety.list', filter, caller);
        const from = filter.after === undefined ? 0 : Number(filter.after.id) + 1;
        const items = interventions.slice(from, from + filter.limit);
        const last = from + items.length - 1;
        const next = last + 1 < interventions.length ? { at: 0, id: String(last) } : null;
        return { items, next, unreadable: [] };
      },
      async get(id, caller) {
        enter('safety.get', id, caller);
        return find(id);
      },
      async resolve(id, request, caller) {
        enter('safety.resolve', id, request, caller);
        return { ...find(id), state: request.outcome };
      },
      async releaseSession(sessionId, caller) {
        enter('safety.releaseSession', sessionId, caller);
        return { session_id: sessionId, was_held: true };
      },
      async forgetUser(userId, caller) {
        enter('safety.forgetUser', userId, caller);
        return { was_known: true, detached_interventions: 0, open_interventions: 0 };
      },
    },
    reports: { dashboard: unknown, report: unknown },
  };
}
