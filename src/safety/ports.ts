import type { Escalation } from '../contracts/escalation.ts';
import type {
  CrisisEvent,
  Intervention,
  InterventionAction,
  PlayerSafety,
} from '../contracts/intervention.ts';
import type {
  AuditEntry,
  CrisisAssessment,
  SafetyLevel,
  Stage,
  ValidationResult,
} from '../contracts/safety.ts';
import type { SupportAnswer } from '../contracts/support.ts';
import type { Validator } from './validate-text.ts';

/**
 * How the parts of the safety room that keep state meet: who judges, who remembers, who answers, who calls people.
 *
 * A player's line: the judge and what is remembered of the player decide; a crisis is written down (one round trip), the
 * player is answered at once, and the work for people is put on its queue behind that answer.
 */

/** The rules that hold now, in this process. Never waits for anything. */
export interface LiveJudge {
  /** For texts of a language; that of `safety.locale` for one that is not known. */
  validatorFor(locale?: string): Validator;
  /** All that have word lists. */
  readonly languages: readonly string[];
}

/** Keyed hashes that stand for players and texts: the same in every process of a fleet. */
export interface Pseudonyms {
  /** Of a session without a player: of the session. */
  userHash(userId: string | null, sessionId: string): string;
  textHmac(text: string): string;
}

/** Words and places for somebody at risk: pure, deterministic, never fails. */
export interface Supporter {
  answer(about: {
    assessment: CrisisAssessment;
    validation: ValidationResult;
    region?: string;
    locale?: string;
  }): SupportAnswer;
  /** While a session is held, whatever the text was. */
  held(about: { region?: string; locale?: string }): SupportAnswer;
  /** Takes the place of a text that may not flow; null for one that may. */
  alternative(about: {
    validation: ValidationResult;
    stage: 'input' | 'output';
    region?: string;
    locale?: string;
  }): string | null;
}

/** A crisis as it is written down; it holds no words. */
export interface Crisis {
  readonly interventionId: string;
  readonly sessionId: string;
  readonly userHash: string;
  readonly assessment: CrisisAssessment;
  readonly event: CrisisEvent;
  readonly region: string | null;
  readonly locale: string;
  /** The answer the player gets, as the first action of the intervention. */
  readonly responded: InterventionAction;
  readonly text: { readonly hmac: string; readonly length: number; readonly ruleIds: readonly string[] };
}

export interface WrittenCrisis {
  readonly intervention: Intervention;
  /** Otherwise an event was added to the open one. */
  readonly isNew: boolean;
  /** The same request had been written before; nothing was changed. */
  readonly isRepeat: boolean;
  /** New, or more serious than before: people are told (again), as `intervention.escalation_round` counts. */
  readonly tellsPeople: boolean;
  readonly isHeld: boolean;
  /** Redis was away: it waits in the log on disk, `intervention` is as it will be unless one is open already. */
  readonly isLogged?: boolean;
}

/** What is remembered of players, and their interventions. Errors of all: backend_unavailable (unavailable). */
export interface InterventionStore {
  /** One round trip. */
  playerSafety(sessionId: string, userHash: string): Promise<PlayerSafety>;
  /**
   * One round trip unless somebody else changed it meanwhile: intervention, event, player, session, hold, counters,
   * audit and the entry in what is due (`tell|<intervention_id>|<round>`) change together.
   *
   * @param known  `PlayerSafety.open` as it was just read; saves the second round trip where one is open
   */
  writeCrisis(crisis: Crisis, known?: Intervention | null): Promise<WrittenCrisis>;
  get(interventionId: string): Promise<Intervention | null>;
  /**
   * Reads, changes and writes under a check of the version, again when somebody was faster.
   *
   * `change` is called with the newest record and returns the new one, or null for none; it may throw.
   * Errors: intervention_not_found (not_found), intervention_state (conflict) for a way that the table of states lacks
   */
  change(
    interventionId: string,
    change: (now: Intervention) => Intervention | null,
    about: { actor: string; what: string },
  ): Promise<Intervention>;
}

/** The way to people. */
export interface PeopleCaller {
  /** Puts the work on its queue; the same intervention and round twice is once. */
  tell(intervention: Intervention): Promise<void>;
  /** The narrator was blocked again and again in one session. */
  tellOfViolations(session: { sessionId: string; userHash: string; count: number }): Promise<Escalation>;
  /** Whether any channel that leaves the fleet is set up. */
  readonly reachesPeople: boolean;
}

/** One judgement as it is counted and, when it is not safe, audited: without the words. */
export interface NotedValidation {
  readonly stage: Stage;
  readonly sessionId: string;
  readonly userHash: string;
  readonly level: SafetyLevel;
  /** It is written down as a crisis; nobody needs to record it twice. */
  readonly isCrisis: boolean;
  readonly audit: readonly AuditEntry[];
  readonly rulesVersion: string;
  readonly durationMs: number;
  readonly text: { readonly hmac: string; readonly length: number; readonly ruleIds: readonly string[] };
}

/** Counts and audits judgements: behind everything, nobody waits for it, and it never throws. */
export interface ValidationRecorder {
  note(noted: NotedValidation): void;
  /** Counts one of which nothing is written down. */
  counted?(stage: Stage, level: SafetyLevel, durationMs: number): void;
}

/** Everything of the player's safety that a process holds; the rules of one process serve all its texts. */
export interface SafetyParts {
  readonly judge: LiveJudge;
  readonly store: InterventionStore;
  readonly supporter: Supporter;
  readonly people: PeopleCaller;
  readonly pseudonyms: Pseudonyms;
  readonly recorder?: ValidationRecorder;
}
