import type { FleetClient } from '../client/client.ts';
import type { SafetyOperations } from '../contracts/safety-operations/group.ts';

/** The client's safety as operations. @param asked  gives refusals the errors of the product */
export function remoteSafety(
  { safety }: FleetClient,
  asked: <T>(answer: Promise<T>) => Promise<T>,
): SafetyOperations {
  // HTTP continues a list with an opaque cursor, the operations with the last entry seen.
  const cursors = new Map<string, string>();
  return {
    interventions: {
      async list({ limit, state, level, after }) {
        const cursor = after === undefined ? undefined : cursors.get(after.id);
        if (after !== undefined && cursor === undefined) return { items: [], next: null, unreadable: [] };
        const page = await asked(
          safety.listInterventions({ limit, state, level, ...(cursor !== undefined && { cursor }) }),
        );
        const { items, next_cursor: next, unreadable } = page;
        const last = items.at(-1);
        if (next === null || last === undefined) return { items, next: null, unreadable };
        cursors.set(last.intervention_id, next);
        return { items, next: { at: Date.parse(last.created_at), id: last.intervention_id }, unreadable };
      },
      get: (id) => asked(safety.getIntervention(id)),
      resolve: (id, request) => asked(safety.resolveIntervention(id, request)),
      releaseSession: (id) => asked(safety.releaseSession(id)),
      forgetUser: (id) => asked(safety.forgetUser(id)),
    },
    reports: {
      dashboard: () => asked(safety.dashboard()),
      report: (hours) => asked(safety.report(hours)),
    },
  };
}
