import type { PlayerSafety } from '../../contracts/intervention.ts';
import type { SafetyContext, StepValidation, ValidationResult } from '../../contracts/safety.ts';
import type { CrisisResponse, HumanOversight } from '../../contracts/support.ts';
import type { Clock } from '../../kernel/clock.ts';
import { toFleetError } from '../../kernel/errors.ts';
import type { Logger } from '../../observability/logger.ts';
import type { Metrics } from '../../observability/metrics.ts';
import { assessCrisis } from '../assess.ts';
import type { SafetyParts } from '../ports.ts';
import { answerCrisis, ruleIdsOf } from './answer-crisis.ts';
import { answerHeld } from './answer-held.ts';
import { judgeLine, type JudgedLine } from './judge-line.ts';
import { LAST_WORDS, NOT_THIS_WAY } from './last-words.ts';
import { PendingWork } from './pending-work.ts';
import { stepValidationOf } from './step-validation.ts';
import { within } from './within.ts';

/** What becomes of a player's line. */
export type Screened =
  | { readonly verdict: 'pass'; readonly validation: StepValidation }
  /** It may not go on, and nobody is in danger: `text` takes its place. */
  | { readonly verdict: 'blocked'; readonly validation: StepValidation; readonly text: string }
  | Supported;

/** The player gets care in the place of a story. */
export interface Supported {
  /** `held`: whatever the line was, the session waits for a person. */
  readonly verdict: 'crisis' | 'held';
  readonly validation: StepValidation;
  readonly text: string;
  readonly crisis: CrisisResponse;
  readonly oversight: HumanOversight;
}

export interface LineToScreen {
  readonly text: string;
  readonly sessionId: string;
  readonly userId: string | null;
  /** Names the request: the same one is never two events. */
  readonly requestId: string;
  readonly region?: string | undefined;
  readonly locale?: string | undefined;
  readonly mode?: SafetyContext['mode'] | undefined;
  /** Figures of the story. */
  readonly entities?: readonly string[] | undefined;
  /** What {@link Screen.playerOf} gave, when it was asked before. */
  readonly player?: Promise<PlayerSafety | null>;
  readonly origin?: 'ingress' | 'agent';
  /** When the line arrived, by `performance.now()`. */
  readonly receivedAt?: number;
}

export interface Screen {
  /** Whether the line alone says that somebody must be answered, whatever else is wrong. Pure. */
  isUrgent(text: string, locale?: string): boolean;
  /** What is remembered of a player, null when nobody can be asked. Never rejects. One round trip. */
  playerOf(sessionId: string, userId: string | null): Promise<PlayerSafety | null>;
  /** Never rejects: whoever is in danger is answered. */
  screen(line: LineToScreen): Promise<Screened>;
  /** Returns when everything that went on behind answers is done. */
  settled(): Promise<void>;
}

export interface ScreenOptions extends SafetyParts {
  readonly clock: Clock;
  readonly metrics: Pick<Metrics, 'safety_intervention_response_seconds'>;
  readonly log: Pick<Logger, 'warn' | 'error'>;
  readonly settings: {
    readonly defaultLocale: string;
    /** So long a line waits for what is remembered of its player, and an answer for the record of its crisis. */
    readonly readLimitMs?: number;
    readonly writeLimitMs?: number;
  };
}

const READ_LIMIT_MS = 250;
/** Longer than a store waits before it writes to the disk instead. */
const WRITE_LIMIT_MS = 1_500;

/**
 * What is done with a player's line before anything else is:
 *
 * 1. the line is judged by itself: pure, within microseconds
 * 2. with what is remembered of the player it is judged again: what came before raises attention
 * 3. a crisis is written down, one round trip, and answered at once; people are told behind the answer
 * 4. a held session is answered with care whatever the line was; what may not go on gets an alternative
 *
 * Nothing that fails on the way keeps an answer back: without memory the line alone decides, without Redis the answer is
 * the same, and when the judge fails the plainest statements are still understood.
 *
 * Source: spec, safety 6, 7, 10, 11
 */
export function createScreen(options: ScreenOptions): Screen {
  const { clock, log, pseudonyms, recorder, settings, store, supporter } = options;
  const pending = new PendingWork(log);
  const readLimitMs = settings.readLimitMs ?? READ_LIMIT_MS;
  const parts = { ...options, pending, writeLimitMs: settings.writeLimitMs ?? WRITE_LIMIT_MS };

  function judge(text: string, locale: string | undefined, context: SafetyContext): JudgedLine {
    return judgeLine(options.judge, text, { locale, context, includeAudit: recorder !== undefined });
  }

  const screen: Screen = {
    isUrgent: (text, locale) => judge(text, locale, {}).validation.crisis_detected,
    async playerOf(sessionId, userId) {
      try {
        const asked = store.playerSafety(sessionId, pseudonyms.userHash(userId, sessionId));
        return await within(asked, readLimitMs);
      } catch {
        return null;
      }
    },
    async screen(said) {
      const receivedAt = said.receivedAt ?? performance.now();
      const judgingAt = performance.now();
      let line = said;
      let { validation, locale } = judge(said.text, said.locale, contextOf(said, null));
      const judgedMs = performance.now() - judgingAt;
      try {
        const player = await (line.player ?? screen.playerOf(line.sessionId, line.userId));
        const context = contextOf(line, player);
        if (player !== null && (player.violations > 0 || player.crisisCount > 0)) {
          ({ validation, locale } = judge(line.text, line.locale, context));
        }
        // Who is answered, is answered in the language that was understood.
        if (locale !== undefined) line = { ...line, locale };
        note(line, validation, judgedMs);
        if (validation.crisis_detected) {
          const factors = options.judge.validatorFor(line.locale).protectiveFactorsIn(line.text);
          const assessment = assessCrisis(validation, context, clock.now(), factors);
          return await answerCrisis(parts, { line, validation, assessment, player, receivedAt });
        }
        if (player?.isHeld === true) return answerHeld(parts, line, validation, player, receivedAt);
        if (validation.level === 'blocked') return blocked(line, validation);
        return { verdict: 'pass', validation: stepValidationOf(validation) };
      } catch (error) {
        log.error({ code: toFleetError(error).code }, 'a line could not be screened');
        return lastResort(validation);
      }
    },
    settled: () => pending.settled(),
  };
  return screen;

  function blocked(line: LineToScreen, validation: ValidationResult): Screened {
    const about = { validation, stage: 'input' as const, ...placeOf(line) };
    return {
      verdict: 'blocked',
      validation: stepValidationOf(validation),
      text: supporter.alternative(about) ?? NOT_THIS_WAY,
    };
  }

  function note(line: LineToScreen, validation: ValidationResult, durationMs: number): void {
    if (recorder === undefined) return;
    const { sessionId, userId, text } = line;
    recorder.note({
      stage: 'input',
      sessionId,
      userHash: pseudonyms.userHash(userId, sessionId),
      level: validation.level,
      isCrisis: validation.crisis_detected,
      audit: validation.audit ?? [],
      rulesVersion: validation.rules_version,
      durationMs,
      text: { hmac: pseudonyms.textHmac(text), length: text.length, ruleIds: ruleIdsOf(validation) },
    });
  }
}

/** Region and language, where they are known. */
export function placeOf({ region, locale }: Pick<LineToScreen, 'region' | 'locale'>): {
  region?: string;
  locale?: string;
} {
  return { ...(region === undefined ? {} : { region }), ...(locale === undefined ? {} : { locale }) };
}

function contextOf(line: LineToScreen, player: PlayerSafety | null): SafetyContext {
  const { region, mode, entities } = line;
  return {
    ...(region === undefined ? {} : { region }),
    ...(mode === undefined ? {} : { mode }),
    ...(entities === undefined ? {} : { entities: entities.slice(0, 500) }),
    ...(player === null || player.violations === 0 ? {} : { previous_violations: player.violations }),
    ...(player === null || player.crisisCount === 0
      ? {}
      : {
          previous_crisis_indicators: {
            count: player.crisisCount,
            ...(player.lastCrisisAtMs === null
              ? {}
              : { last_at: new Date(player.lastCrisisAtMs).toISOString() }),
          },
        }),
  };
}

/** Something of ours is broken: whoever is in danger is told where help is, everybody else plays on. */
function lastResort(validation: ValidationResult): Screened {
  const shown = stepValidationOf(validation);
  if (!validation.crisis_detected) {
    if (validation.level === 'blocked') return { verdict: 'blocked', validation: shown, text: NOT_THIS_WAY };
    return { verdict: 'pass', validation: shown };
  }
  return {
    verdict: 'crisis',
    validation: shown,
    text: LAST_WORDS.text,
    crisis: {
      intervention_id: null,
      intervention_type: 'emergency_services',
      crisis_level: 'critical',
      language: LAST_WORDS.language,
      support_resources: [...LAST_WORDS.resources],
      emergency_contacts: [...LAST_WORDS.emergencyContacts],
    },
    oversight: 'none',
  };
}
