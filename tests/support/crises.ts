import type { Escalation } from '../../src/contracts/escalation.ts';
import type { Intervention } from '../../src/contracts/intervention.ts';
import type { CrisisLevel, CrisisType } from '../../src/contracts/safety.ts';
import { uuidv7 } from '../../src/kernel/ids.ts';
import type { People } from '../../src/runtime/open-people.ts';
import { peopleOf } from './people-of.ts';
import { dueMember } from '../../src/safety/escalations/due.ts';
import { createPeopleCaller } from '../../src/safety/protocols/people-caller.ts';
import type { PeopleCaller } from '../../src/safety/ports.ts';
import type { Harness } from './harness.ts';

/** What must be found nowhere. */
export const PLAYER_TEXT = 'nothing of this sentence may be seen by anybody';

const INTERVENTIONS = {
  critical: 'emergency_services',
  high: 'human_oversight',
  moderate: 'therapeutic_referral',
  low: 'automated_response',
} as const;

export function crisisOf(
  level: CrisisLevel = 'critical',
  types: readonly CrisisType[] = ['suicidal_ideation'],
  more: Partial<Intervention> = {},
): Intervention {
  const at = new Date().toISOString();
  return {
    intervention_id: uuidv7(),
    version: 1,
    session_id: 's_someone',
    user_hash: 'ab'.repeat(32),
    assessment: {
      crisis_level: level,
      crisis_types: [...types],
      severity: level === 'critical' ? 5 : 2,
      confidence: 0.9,
      risk_factors: ['suicidal_ideation', 'hopelessness'],
      protective_factors: ['help_seeking'],
      immediate_risk: level === 'critical',
      intervention_recommended: INTERVENTIONS[level],
      escalation_required: level !== 'low',
      assessed_at: at,
      rules_version: '0123456789ab',
    },
    events: [
      { at, request_id: 'r', origin: 'ingress', crisis_level: level, crisis_types: [...types], severity: 5 },
    ],
    event_count: 1,
    region: 'US',
    locale: 'en',
    actions: [],
    state: 'responded',
    escalation_status: 'none',
    escalation_id: null,
    escalation_round: 1,
    human_notified: false,
    emergency_contacted: false,
    follow_up_required: false,
    follow_up_at: null,
    created_at: at,
    updated_at: at,
    responded_at: at,
    resolved_at: null,
    resolved_by: null,
    resolution_notes: null,
    ...more,
  };
}

/** The way to people of a harness, and crises as the store writes them. */
export interface Crises {
  readonly people: People;
  readonly caller: PeopleCaller;
  /** As the store's script leaves it: the record, and the entry that asks for people. */
  write(intervention: Intervention): Promise<Intervention>;
  intervention(id: string): Promise<Intervention>;
  escalation(intervention: Intervention): Promise<Escalation | null>;
  dueEntries(): Promise<string[]>;
  events(type?: string): Promise<Record<string, unknown>[]>;
}

export async function crisesOf(h: Harness): Promise<Crises> {
  const people = await peopleOf(h.core)();
  const { redis, keys } = h.core.store;
  return {
    people,
    caller: createPeopleCaller(people.context),
    async write(intervention) {
      const { intervention_id: id, version, escalation_round: round } = intervention;
      await redis
        .multi()
        .hset(keys.safetyIntervention(id), 'version', version, 'data', JSON.stringify(intervention))
        .zadd(keys.safetyDue(), Date.now(), dueMember('tell', id, round))
        .exec();
      return intervention;
    },
    async intervention(id) {
      const found = await people.context.interventions.get(id);
      if (found === null) throw new Error(`no intervention ${id}`);
      return found;
    },
    escalation: ({ intervention_id: id, escalation_round: round }) =>
      people.context.escalations.find(`${id}-${round}`),
    dueEntries: () => redis.zrange(keys.safetyDue(), '0', '-1'),
    async events(type) {
      const entries = await redis.xrange(keys.safetyEvents(), '-', '+');
      return entries.flatMap(([, fields]) => {
        const entry: Record<string, string> = {};
        for (let i = 0; i < fields.length; i += 2) entry[fields[i]!] = fields[i + 1]!;
        if (type !== undefined && entry['type'] !== type) return [];
        return [{ type: entry['type'], ...(JSON.parse(entry['data'] ?? '{}') as object) }];
      });
    },
  };
}

export const WEBHOOK_SECRET = 'a secret of sixteen and more';

export function webhookAt(url: string): Record<string, string> {
  return {
    'safety.channels.webhook.enabled': 'true',
    'safety.channels.webhook.url': url,
    'safety.channels.webhook.secret': WEBHOOK_SECRET,
  };
}
