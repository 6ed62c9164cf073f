import type { Intervention } from '../../contracts/intervention.ts';
import type { CrisisLevel } from '../../contracts/safety.ts';
import { forgetUser, type ForgottenUser } from '../history/forget-user.ts';
import { playerSafety } from '../history/player-safety.ts';
import { recordJudgement, type Judgement } from '../history/record-judgement.ts';
import type { InterventionStore } from '../ports.ts';
import { changeIntervention, getIntervention } from './change.ts';
import { holdSession, releaseSession } from './hold.ts';
import { countActive, listInterventions, type InterventionFilter, type InterventionPage } from './list.ts';
import type { InterventionStoreOptions } from './options.ts';
import { writeCrisis } from './write-crisis.ts';

/** The store with what operators and people need beside the ports. Errors of all: backend_unavailable. */
export interface OpenInterventionStore extends InterventionStore {
  /** Newest first. */
  list(filter: InterventionFilter): Promise<InterventionPage>;
  countActive(): Promise<Record<CrisisLevel, number>>;
  /** A text that was not safe and no crisis: remembered of the player, audited, counted. */
  recordJudgement(judgement: Judgement): Promise<void>;
  /** @returns null where nothing is known of the session */
  releaseSession(sessionId: string, actor: string): Promise<{ readonly wasHeld: boolean } | null>;
  holdSession(sessionId: string, reason: string, actor: string): Promise<void>;
  /** What is remembered of a player goes; see docs/decisions/0032-what-deletion-leaves.md. */
  forgetUser(userHash: string, actor: string): Promise<ForgottenUser>;
}

/** Interventions and the history of players in Redis. */
export function createInterventionStore(options: InterventionStoreOptions): OpenInterventionStore {
  return {
    playerSafety: (sessionId, userHash) => playerSafety(options, sessionId, userHash),
    writeCrisis: (crisis, known: Intervention | null = null) => writeCrisis(options, crisis, known),
    get: (id) => getIntervention(options, id),
    change: (id, change, about) => changeIntervention(options, id, change, about),
    list: (filter) => listInterventions(options, filter),
    countActive: () => countActive(options),
    recordJudgement: (judgement) => recordJudgement(options, judgement),
    releaseSession: (sessionId, actor) => releaseSession(options, sessionId, actor),
    holdSession: (sessionId, reason, actor) => holdSession(options, sessionId, reason, actor),
    forgetUser: (userHash, actor) => forgetUser(options, userHash, actor),
  };
}
