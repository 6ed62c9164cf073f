import type { Finding, SafetyContext } from '../../contracts/safety.ts';
import type { TextReading } from '../read-text.ts';
import {
  BLOCKED_TYPES,
  CRISIS_RULES,
  isCrisisType,
  MENTION_RULE,
  type ReportRule,
  WEIGHED_RULE,
} from '../rules/built-in.ts';
import type { Weighed } from '../weigh/word-scale.ts';
import { rounded } from './confidence.ts';
import type { Reported } from './findings.ts';

/** Logarithms of odds. From here on the words alone are taken for a crisis. */
const CRISIS = 0.85;
/** What a phrase that was denied, over, of another person, or excused takes from the words. */
const AGAINST = 2;
/** Who says that the play is left means what the words say. */
const IN_EARNEST = 0.8;
/** What play takes from them. */
const IN_CHARACTER = 1.5;
/** A phrase that only hints stands unless the words speak against it this much; its confidence weighs so many times. */
const AGREED = 0.6;
const PHRASE = 2;
/** A phrase that is surer than this is never overruled. */
const SURE = 0.85;
/** From here on words alone are taken for distress. */
const DISTRESS = 0.4;
/** Against these odds a feeling that was only hinted at is none. */
const NO_DISTRESS = -1.5;
const QUIET = -1.5;
/** The confidence of a crisis that only words show: at {@link CRISIS}, and how far it may rise. */
const LEAST = 0.3;
const RANGE = 0.5;
const SEVERITY_OF_BLOCKED = 3;
const SEVERITY = 2;

export interface WeighedSettings {
  readonly context: SafetyContext;
  readonly sentiment: number;
  /** Whether the text says that it is not about the play. */
  readonly isInEarnest: boolean;
  /** A claim is a crisis from this confidence on. */
  readonly threshold: number;
  readonly rule: (builtIn: ReportRule) => ReportRule;
}

/**
 * What the words of a text, taken together, add to its phrases and take from them. They find what no phrase foresees,
 * and doubt a hint that stands in words of another kind; a plain statement they leave as it is.
 *
 * Source: spec, safety 14, the classifier: it may raise a level and never lowers a direct hit
 */
export function weighIn(
  reported: Reported,
  weighed: Weighed,
  reading: TextReading,
  settings: WeighedSettings,
): Reported {
  const { findings, distress, suppressed } = reported;
  const crises = findings.filter(({ crisis_type: type }) => type !== undefined);
  if (crises.length > 0) return doubted(reported, crises, weighed, settings);
  const isAgainst =
    findings.some(({ rule_id: id }) => id === MENTION_RULE.id) ||
    suppressed.some(({ ruleId }) => ruleId.startsWith('crisis_'));
  const inPlay = settings.context.mode === 'in_character' ? IN_CHARACTER : 0;
  const inEarnest = settings.isInEarnest ? IN_EARNEST : 0;
  const odds = weighed.crisis - (isAgainst ? AGAINST : 0) - inPlay + inEarnest;
  const confidence = confidenceOf(odds);
  if (isCrisisType(weighed.type) && confidence >= settings.threshold) {
    const own = CRISIS_RULES.get(weighed.type)!;
    const isBlocked = BLOCKED_TYPES.has(weighed.type);
    const finding = findingOf(weighed, reading, settings, own, confidence);
    return {
      findings: [
        ...findings,
        {
          ...finding,
          level: isBlocked ? 'blocked' : finding.level,
          severity: isBlocked ? SEVERITY_OF_BLOCKED : SEVERITY,
          crisis_type: weighed.type,
        },
      ],
      distress,
      suppressed,
    };
  }
  if (findings.length === 0 && !isAgainst && weighed.warning - inPlay >= DISTRESS) {
    return {
      findings: [findingOf(weighed, reading, settings, WEIGHED_RULE, LEAST)],
      distress: new Set([...distress, 'sadness']),
      suppressed,
    };
  }
  return weighed.warning < NO_DISTRESS ? withoutHints(reported) : reported;
}

/** So far from any concern that no rule and no context makes one of it. */
export function isQuiet({ crisis, warning }: Weighed): boolean {
  return crisis < QUIET && warning < DISTRESS;
}

/** Hints that the words speak against become mentions. */
function doubted(
  { findings, distress, suppressed }: Reported,
  crises: readonly Finding[],
  { crisis }: Weighed,
  { rule }: WeighedSettings,
): Reported {
  const surest = Math.max(...crises.map(({ confidence }) => confidence));
  if (surest >= SURE || crisis + PHRASE * surest > AGREED) return { findings, distress, suppressed };
  const mention = rule(MENTION_RULE);
  return {
    findings: findings.map((finding) => {
      if (finding.crisis_type === undefined) return finding;
      const { crisis_type: _type, ...rest } = finding;
      return {
        ...rest,
        rule_id: mention.id,
        category: mention.category,
        priority: mention.priority,
        level: mention.level,
        message: mention.message,
        severity: 0,
        escalation_required: false,
      };
    }),
    distress: new Set([...distress, 'hopelessness']),
    suppressed,
  };
}

/** A weak word of sadness in a text that is of something else. */
function withoutHints({ findings, distress, suppressed }: Reported): Reported {
  const isHint = ({ rule_id: id, confidence }: Finding): boolean =>
    id === 'distress_sadness' && confidence <= LEAST;
  if (!findings.some(isHint)) return { findings, distress, suppressed };
  const kept = findings.filter((finding) => !isHint(finding));
  const left = new Set(distress);
  if (kept.every(({ rule_id: id }) => id !== 'distress_sadness')) left.delete('sadness');
  return {
    findings: kept,
    distress: left,
    suppressed: [...suppressed, { ruleId: 'distress_sadness', reason: 'context' }],
  };
}

/** 0.3 where the words are just taken for a crisis, so that a document's sensitivity moves that point. */
function confidenceOf(odds: number): number {
  const share = 1 / (1 + Math.exp(CRISIS - odds));
  return rounded(share >= 0.5 ? LEAST + (share - 0.5) * 2 * RANGE : share * 2 * LEAST);
}

function findingOf(
  { first, last }: Weighed,
  reading: TextReading,
  { sentiment, rule }: WeighedSettings,
  builtIn: ReportRule,
  confidence: number,
): Finding {
  const own = rule(builtIn);
  return {
    rule_id: own.id,
    category: own.category,
    level: own.level,
    priority: own.priority,
    validation_type: own.validationType,
    confidence,
    span: [reading.startOf(first), reading.endOf(last)],
    message: own.message,
    severity: 0,
    modifiers: [],
    sentiment_score: sentiment,
    escalation_required: false,
  };
}
