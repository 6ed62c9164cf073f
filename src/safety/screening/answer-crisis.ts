import type { PlayerSafety } from '../../contracts/intervention.ts';
import type { CrisisAssessment, ValidationResult } from '../../contracts/safety.ts';
import type { CrisisResponse, HumanOversight, SupportAnswer } from '../../contracts/support.ts';
import { toIso } from '../../kernel/clock.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import type { Crisis, WrittenCrisis } from '../ports.ts';
import { LAST_WORDS } from './last-words.ts';
import type { PendingWork } from './pending-work.ts';
import { placeOf, type LineToScreen, type ScreenOptions, type Supported } from './screen-input.ts';
import { stepValidationOf } from './step-validation.ts';
import { within } from './within.ts';

export type AnswerParts = ScreenOptions & {
  readonly pending: PendingWork;
  readonly writeLimitMs: number;
};

export interface FoundCrisis {
  readonly line: LineToScreen;
  readonly validation: ValidationResult;
  readonly assessment: CrisisAssessment;
  readonly player: PlayerSafety | null;
  readonly receivedAt: number;
}

const MOST_RULES = 20;
const REQUEST_ID_CHARS = 200;
const DIGEST_CHARS = 16;

/** Write the crisis down, once, and answer: with or without the record, nobody waits for people here. */
export async function answerCrisis(parts: AnswerParts, found: FoundCrisis): Promise<Supported> {
  const { log, metrics, pending, people, store, writeLimitMs } = parts;
  const { player, receivedAt, validation } = found;
  const answer = wordsFor(parts, found);
  const crisis = crisisOf(parts, found, answer);
  const fields = { intervention_id: crisis.interventionId, crisis_level: found.assessment.crisis_level };
  let writing: Promise<WrittenCrisis>;
  try {
    writing = store.writeCrisis(crisis, player?.open ?? null);
  } catch (error) {
    writing = Promise.reject(error);
  }
  const tell = async (): Promise<void> => {
    const { intervention, tellsPeople } = await writing;
    if (tellsPeople) await people.tell(intervention);
  };
  // What is due stands in Redis with the crisis: a round of the safety workers picks up what is lost here.
  pending.add(tell(), fields, 'a crisis could not be written down, or nobody could be told of it');
  const written = await within(writing, writeLimitMs);
  if (written === null) log.error(fields, 'a crisis was answered before it was written down');
  metrics.safety_intervention_response_seconds.observe({}, (performance.now() - receivedAt) / 1000);
  return {
    verdict: 'crisis',
    validation: stepValidationOf(validation),
    text: answer.text,
    crisis: responseOf(answer, crisis, written, player),
    oversight: oversightOf(parts, written),
  };
}

function wordsFor({ supporter }: AnswerParts, { assessment, validation, line }: FoundCrisis): SupportAnswer {
  try {
    return supporter.answer({ assessment, validation, ...placeOf(line) });
  } catch {
    return LAST_WORDS;
  }
}

function crisisOf(parts: AnswerParts, found: FoundCrisis, answer: SupportAnswer): Crisis {
  const { clock, pseudonyms, settings } = parts;
  const { assessment, line, receivedAt, validation } = found;
  const nowMs = clock.now();
  const at = toIso(nowMs);
  const hmac = pseudonyms.textHmac(line.text);
  return {
    interventionId: uuidv7(nowMs),
    sessionId: line.sessionId,
    userHash: pseudonyms.userHash(line.userId, line.sessionId),
    assessment,
    event: {
      at,
      // A caller may send one id with everything it says: only the same words are the same request.
      request_id: `${line.requestId.slice(0, REQUEST_ID_CHARS)}~${hmac.slice(0, DIGEST_CHARS)}`,
      origin: line.origin ?? 'ingress',
      crisis_level: assessment.crisis_level,
      crisis_types: assessment.crisis_types,
      severity: assessment.severity,
    },
    region: line.region ?? null,
    locale: line.locale ?? settings.defaultLocale,
    responded: {
      action_type: 'generate_response',
      description: `answered with ${answer.resources.length} places where somebody listens`,
      at,
      success: true,
      response_time_ms: Math.max(0, performance.now() - receivedAt),
      metadata: { resources: answer.resources.map(({ id }) => id) },
    },
    text: {
      hmac,
      length: line.text.length,
      ruleIds: ruleIdsOf(validation),
    },
  };
}

export function ruleIdsOf({ findings }: ValidationResult): string[] {
  return [...new Set(findings.map(({ rule_id: id }) => id))].slice(0, MOST_RULES);
}

function responseOf(
  answer: SupportAnswer,
  crisis: Crisis,
  written: WrittenCrisis | null,
  player: PlayerSafety | null,
): CrisisResponse {
  const { assessment } = crisis;
  const isHeld = written?.isHeld === true || player?.isHeld === true;
  // While nothing can be written, the one that is open is the one it belongs to.
  const known = written?.intervention ?? player?.open;
  const followUpAt = written?.intervention.follow_up_at ?? null;
  return {
    intervention_id: known?.intervention_id ?? crisis.interventionId,
    intervention_type: assessment.intervention_recommended,
    crisis_level: assessment.crisis_level,
    language: answer.language,
    ...contactsOf(answer),
    ...(followUpAt === null ? {} : { follow_up_at: followUpAt }),
    ...(isHeld ? { held: true as const } : {}),
  };
}

/** Never empty, whatever the words came from. */
export function contactsOf(
  answer: SupportAnswer,
): Pick<CrisisResponse, 'support_resources' | 'emergency_contacts'> {
  const { resources, emergencyContacts } = answer;
  return {
    support_resources: [...(resources.length === 0 ? LAST_WORDS.resources : resources)],
    emergency_contacts: [
      ...(emergencyContacts.length === 0 ? LAST_WORDS.emergencyContacts : emergencyContacts),
    ],
  };
}

/** Only what happened: nobody is said to know of what is not written down yet. */
function oversightOf({ people }: AnswerParts, written: WrittenCrisis | null): HumanOversight {
  if (written === null || !people.reachesPeople) return 'none';
  if (written.intervention.human_notified) return 'delivered';
  return written.isLogged === true || written.tellsPeople || written.intervention.escalation_round > 0
    ? 'queued'
    : 'none';
}
