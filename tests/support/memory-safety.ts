import { createHmac } from 'node:crypto';
import { readSafetyData } from '../../config/safety-data.ts';
import type { Escalation } from '../../src/contracts/escalation.ts';
import type { Intervention, PlayerSafety } from '../../src/contracts/intervention.ts';
import { openValidator } from '../../src/safety/open-validator.ts';
import type { Crisis, NotedValidation, SafetyParts, WrittenCrisis } from '../../src/safety/ports.ts';
import type { Validator } from '../../src/safety/validate-text.ts';

let validator: Validator | undefined;
/** With the rules that come with the product; compiled once. */
export function productValidator(): Validator {
  return (validator ??= openValidator(readSafetyData('en')));
}

const HOLD_AFTER = 3;

/** The rooms of other engineers in memory: what they remember is there for tests to look at. */
export class MemorySafety implements SafetyParts {
  readonly crises: Crisis[] = [];
  readonly interventions = new Map<string, Intervention>();
  readonly told: { interventionId: string; round: number }[] = [];
  readonly violations: { sessionId: string; count: number }[] = [];
  readonly noted: NotedValidation[] = [];
  readonly held = new Set<string>();
  readonly history = new Map<string, Partial<PlayerSafety>>();
  /** Thrown, or waited for, by everything that would speak to Redis. */
  outage: Error | Promise<never> | null = null;
  reads = 0;
  writes = 0;
  reachesPeople = true;
  /** Takes the place of the judge's. */
  validator: Validator = productValidator();

  readonly judge: SafetyParts['judge'] = { languages: ['en'], validatorFor: () => this.validator };
  readonly pseudonyms = {
    userHash: (userId: string | null, sessionId: string): string => hash(userId ?? `s ${sessionId}`),
    textHmac: hash,
  };
  readonly recorder = { note: (noted: NotedValidation): void => void this.noted.push(noted) };

  readonly supporter: SafetyParts['supporter'] = {
    answer: ({ assessment }) => ({
      text: `Thank you for telling me. Lifeline (988) is there now, whatever the hour. (${assessment.crisis_level})`,
      language: 'en',
      resources: [LIFELINE],
      emergencyContacts: ['911'],
    }),
    held: () => ({
      text: 'The story waits until somebody has looked in on you. Lifeline (988) is there now.',
      language: 'en',
      resources: [LIFELINE],
      emergencyContacts: ['911'],
    }),
    alternative: ({ stage }) =>
      stage === 'input' ? 'Let us take care with this one, and try it in other words.' : NEUTRAL,
  };

  readonly people: SafetyParts['people'] = {
    tell: async (intervention) => {
      await this.#io();
      this.told.push({
        interventionId: intervention.intervention_id,
        round: intervention.escalation_round,
      });
    },
    tellOfViolations: async ({ sessionId, count }) => {
      await this.#io();
      this.violations.push({ sessionId, count });
      return {} as Escalation; // nobody here reads it
    },
    reachesPeople: true,
  };

  readonly store: SafetyParts['store'] = {
    playerSafety: async (sessionId, userHash) => {
      this.reads++;
      await this.#io();
      return {
        violations: 0,
        crisisCount: 0,
        lastCrisisAtMs: null,
        isHeld: this.held.has(sessionId),
        open: this.#openOf(sessionId, userHash),
        ...this.history.get(userHash),
      };
    },
    writeCrisis: async (crisis): Promise<WrittenCrisis> => {
      this.writes++;
      await this.#io();
      this.crises.push(crisis);
      return this.#write(crisis);
    },
    get: async (id) => this.interventions.get(id) ?? null,
    change: async (id, change) => {
      const next = change(this.interventions.get(id)!);
      if (next !== null) this.interventions.set(id, next);
      return this.interventions.get(id)!;
    },
  };

  async #io(): Promise<void> {
    if (this.outage instanceof Error) throw this.outage;
    await this.outage;
  }

  #openOf(sessionId: string, userHash: string): Intervention | null {
    return (
      [...this.interventions.values()].find(
        (one) => one.session_id === sessionId && one.user_hash === userHash && one.resolved_at === null,
      ) ?? null
    );
  }

  #write(crisis: Crisis): WrittenCrisis {
    const { assessment, event, sessionId, userHash } = crisis;
    const open = this.#openOf(sessionId, userHash);
    const isHeld = (): boolean => this.held.has(sessionId);
    if (open?.events.some(({ request_id: id }) => id === event.request_id) === true) {
      return { intervention: open, isNew: false, isRepeat: true, tellsPeople: false, isHeld: isHeld() };
    }
    const next: Intervention =
      open === null
        ? {
            intervention_id: crisis.interventionId,
            version: 1,
            session_id: sessionId,
            user_hash: userHash,
            assessment,
            events: [event],
            event_count: 1,
            region: crisis.region,
            locale: crisis.locale,
            actions: [crisis.responded],
            state: 'responded',
            escalation_status: 'none',
            escalation_id: null,
            escalation_round: assessment.crisis_level === 'low' ? 0 : 1,
            human_notified: false,
            emergency_contacted: false,
            follow_up_required: false,
            follow_up_at: null,
            created_at: event.at,
            updated_at: event.at,
            responded_at: event.at,
            resolved_at: null,
            resolved_by: null,
            resolution_notes: null,
          }
        : {
            ...open,
            version: open.version + 1,
            events: [...open.events, event],
            event_count: open.event_count + 1,
            actions: [...open.actions, crisis.responded],
          };
    this.interventions.set(next.intervention_id, next);
    if (next.event_count >= HOLD_AFTER) this.held.add(sessionId);
    return {
      intervention: next,
      isNew: open === null,
      isRepeat: false,
      tellsPeople: open === null && assessment.crisis_level !== 'low',
      isHeld: isHeld(),
    };
  }
}

const LIFELINE = {
  id: 'us-988',
  name: 'Lifeline',
  phone: '988',
  sms: 'HOME to 741741',
  url: 'https://988lifeline.org',
  hours: '24/7',
  languages: ['en'],
};
const NEUTRAL = 'The tale takes a quiet turn here, and asks nothing of you. What would you like to do next?';

function hash(text: string): string {
  return createHmac('sha256', 'a secret of tests, which is long enough').update(text).digest('hex');
}
