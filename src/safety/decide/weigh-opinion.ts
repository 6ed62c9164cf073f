import type { CrisisType, Finding } from '../../contracts/safety.ts';
import type { Opinion } from '../learned/second-opinion.ts';
import type { TextReading } from '../read-text.ts';
import {
  BLOCKED_TYPES,
  CRISIS_RULES,
  MENTION_RULE,
  WEIGHED_RULE,
  type ReportRule,
} from '../rules/built-in.ts';
import { rounded } from './confidence.ts';
import type { Reported, ReportSettings } from './findings.ts';
import { namedFigures, type Judged } from './judge.ts';

/** Below this probability a phrase that is not plain is taken for chance. */
const UNLIKELY = 0.2;
/** Below this one, even a plain phrase is, unless it names the speaker ("kill myself"). */
const ABSURD = 0.03;
/** From this probability on, distress without a phrase is worth a warning. */
const DISTRESSED = 0.5;
/** A phrase was not found, so nothing is known of a plan: thoughts of it. */
const SEVERITY_OF_BLOCKED = 3;
const SEVERITY = 2;
const SEVERITY_IMMINENT = 5;
/** Asked of a text whose every claim was understood as no crisis, and of a present danger. */
const LIKELY = 0.5;
/** Asked of a text that speaks of the story's figures, or is brief. */
const LIKELY_ENOUGH = 0.6;
const BRIEF = 5;

/** Where an opinion comes from, for the audit. */
const LEARNED = 'learned';

/**
 * Brings what phrases found and what was learned together. Plain statements that name the speaker stand, whatever was
 * learned; other plain ones need that a crisis is not next to impossible, weaker ones that it is not very unlikely; and what
 * no phrase knows may still be a crisis.
 *
 * Source: docs/decisions/0035-learned-cues.md
 */
export function weighOpinion(
  reported: Reported,
  judged: readonly Judged[],
  opinion: Opinion,
  reading: TextReading,
  settings: ReportSettings,
): void {
  const { findings, suppressed, distress } = reported;
  const isPlain = judged.some(
    ({ verdict, phrase }) =>
      verdict === 'affirmed' && phrase.tier === 'direct' && (phrase.self || opinion.crisis >= ABSURD),
  );
  if (!isPlain && opinion.crisis < UNLIKELY) {
    for (let i = findings.length - 1; i >= 0; i--) {
      if (findings[i]!.crisis_type === undefined) continue;
      suppressed.push({ ruleId: findings[i]!.rule_id, reason: LEARNED });
      findings.splice(i, 1);
    }
  }
  if (findings.some(({ crisis_type: type }) => type !== undefined)) return;
  const isOfStory = namesFigure(reading, settings);
  // Of very few words little was learned; what is plain in them stands in the phrases.
  const isBrief = reading.tokens.count < BRIEF;
  // What is denied, over or another's is not taken for a crisis after all on a mere suspicion.
  const isUnderstood = judged.length > 0 && judged.every(({ verdict }) => verdict !== 'affirmed');
  const least = isOfStory || isBrief ? LIKELY_ENOUGH : isUnderstood ? LIKELY : settings.threshold;
  if (opinion.crisis >= least) {
    findings.push(learnedCrisis(opinion, reading, settings));
  } else if (
    !isOfStory &&
    findings.length === 0 &&
    1 - opinion.safe - opinion.crisis >= DISTRESSED * (1 - opinion.crisis)
  ) {
    distress.add(opinion.distress);
    const rule = opinion.distress === 'sadness' ? WEIGHED_RULE : MENTION_RULE;
    findings.push(learnedFinding(opinion, reading, settings, settings.rule(rule), 'warning', 0));
  }
}

/** Who speaks of a figure of the story speaks of the story, unless more than words of it say otherwise. */
function namesFigure(reading: TextReading, { context }: ReportSettings): boolean {
  if (context.entities === undefined || context.entities.length === 0) return false;
  const isNamed = namedFigures(reading, context.entities);
  for (let i = 0; i < reading.tokens.count; i++) if (isNamed(i)) return true;
  return false;
}

function learnedCrisis(opinion: Opinion, reading: TextReading, settings: ReportSettings): Finding {
  const type = opinion.type as CrisisType;
  const rule = settings.rule(CRISIS_RULES.get(type)!);
  const isPresent = opinion.imminent >= LIKELY;
  const isBlocked = BLOCKED_TYPES.has(type);
  const severity = isBlocked ? SEVERITY_OF_BLOCKED : isPresent ? SEVERITY_IMMINENT : SEVERITY;
  const level = isBlocked || isPresent ? 'blocked' : rule.level;
  return {
    ...learnedFinding(opinion, reading, settings, rule, level, severity),
    crisis_type: type,
  };
}

function learnedFinding(
  opinion: Opinion,
  reading: TextReading,
  settings: ReportSettings,
  rule: ReportRule,
  level: Finding['level'],
  severity: number,
): Finding {
  const confidence = rounded(severity > 0 ? opinion.crisis : 1 - opinion.safe);
  return {
    rule_id: rule.id,
    category: rule.category,
    level,
    priority: rule.priority,
    validation_type: 'context_aware',
    confidence,
    span: [reading.startOf(opinion.from), reading.endOf(opinion.to - 1)],
    message: `${rule.message} (by learned cues)`,
    severity,
    modifiers: [],
    sentiment_score: settings.sentiment,
    escalation_required: severity > 0 && confidence >= rule.escalationThreshold,
  };
}
