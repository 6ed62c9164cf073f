import type { Finding, SafetyContext, SafetyLevel } from '../../contracts/safety.ts';
import type { Lexicon } from '../lexicon/compile.ts';
import type { TextReading } from '../read-text.ts';
import {
  BLOCKED_TYPES,
  CRISIS_RULES,
  isCrisisType,
  MENTION_RULE,
  OTHER_RULES,
  OUTPUT_HARM_RULE,
  type ReportRule,
} from '../rules/built-in.ts';
import { confidenceOf, hasCrisisHistory, LEAST_OF_DIRECT } from './confidence.ts';
import { DISTRESS, type Judged } from './judge.ts';

const DISTRESS_TYPES: ReadonlySet<string> = new Set(DISTRESS);
const MAX_FORM = 80;
/** What disguise and misspelling take from the confidence together. */
const DISGUISED = 0.15;

const DISTRESS_OF_VERDICT: Readonly<Record<string, string>> = {
  negated: 'negated_mention',
  past: 'past_resolved',
  third_person: 'third_person_concern',
};

/** What the claims of a text amount to. */
export interface Reported {
  readonly findings: Finding[];
  readonly distress: Set<string>;
  /** Claims that were excused, for the audit. */
  readonly suppressed: { readonly ruleId: string; readonly reason: string }[];
}

export interface ReportSettings {
  readonly context: SafetyContext;
  readonly stage: 'input' | 'output';
  readonly sentiment: number;
  /** A claim is a crisis from this confidence on. */
  readonly threshold: number;
  /** Whether crises are looked for at all. */
  readonly isCrisisEnabled: boolean;
  readonly nowMs: number;
  readonly rule: (builtIn: ReportRule) => ReportRule;
}

/** Turns judged claims into findings. Source: spec, safety 4.2 */
export function report(
  judged: readonly Judged[],
  reading: TextReading,
  lexicon: Lexicon,
  settings: ReportSettings,
): Reported {
  const reported: Reported = { findings: [], distress: new Set(), suppressed: [] };
  if (judged.length === 0) return reported;
  const history = hasCrisisHistory(settings.context, settings.nowMs);
  const distinct = distinctPhrases(judged);
  for (const one of judged) {
    const { phrase, verdict } = one;
    const isCrisis = isCrisisType(phrase.type);
    if (isCrisis && !settings.isCrisisEnabled) continue;
    const own = isCrisis ? CRISIS_RULES.get(phrase.type)! : OTHER_RULES.get(phrase.type);
    if (own === undefined) continue;
    if (verdict === 'excused') {
      reported.suppressed.push({ ruleId: own.id, reason: one.reason ?? 'context' });
      continue;
    }
    const sameType = distinct.get(phrase.type)?.size ?? 1;
    const confidence = confidenceOf(one, sameType, settings.sentiment, history);
    const parts = { one, confidence, reading, lexicon, settings };
    if (settings.stage === 'output') reportOutput(parts, isCrisis, own, reported);
    else if (isCrisis) reportCrisis(parts, own, reported);
    else reportDistress(parts, own, reported);
  }
  return reported;
}

interface Parts {
  readonly one: Judged;
  readonly confidence: number;
  readonly reading: TextReading;
  readonly lexicon: Lexicon;
  readonly settings: ReportSettings;
}

function reportCrisis(parts: Parts, own: ReportRule, { findings, distress }: Reported): void {
  const { one, confidence, settings } = parts;
  if (one.verdict !== 'affirmed') {
    distress.add(DISTRESS_OF_VERDICT[one.verdict] ?? one.verdict);
    const rule = settings.rule(MENTION_RULE);
    findings.push(findingOf(parts, rule, rule.level, 0));
  } else if (confidence < thresholdFor(one, settings)) {
    distress.add('hopelessness');
    const rule = settings.rule(MENTION_RULE);
    findings.push(findingOf(parts, rule, rule.level, 0));
  } else {
    const rule = settings.rule(own);
    const level = one.phrase.imminent || BLOCKED_TYPES.has(one.phrase.type) ? 'blocked' : rule.level;
    findings.push({
      ...findingOf(parts, rule, level, one.phrase.severity),
      crisis_type: one.phrase.type as Finding['crisis_type'] & string,
    });
  }
}

/** No document makes plain statements go unheard. */
function thresholdFor({ phrase }: Judged, { threshold }: ReportSettings): number {
  return phrase.tier === 'direct' ? Math.min(threshold, LEAST_OF_DIRECT - DISGUISED) : threshold;
}

function reportDistress(parts: Parts, own: ReportRule, { findings, distress }: Reported): void {
  const { one, settings } = parts;
  if (one.verdict === 'negated' || one.verdict === 'past') return;
  if (one.verdict === 'third_person') distress.add('third_person_concern');
  else if (DISTRESS_TYPES.has(one.phrase.type)) distress.add(one.phrase.type);
  const rule = settings.rule(own);
  findings.push(findingOf(parts, rule, rule.level, 0));
}

/** The narrator speaks: words of harm in its own voice are blocked, in the mouth of a figure they are noted. */
function reportOutput(parts: Parts, isCrisis: boolean, own: ReportRule, { findings }: Reported): void {
  const { one, settings } = parts;
  const { type, tier } = one.phrase;
  if (!isCrisis) {
    if (own.validationType === 'therapeutic_boundary' && one.verdict === 'affirmed') {
      const rule = settings.rule(own);
      findings.push(findingOf(parts, rule, rule.level, 0));
    }
    return;
  }
  if (type !== 'suicidal_ideation' && type !== 'self_harm') return;
  if (tier !== 'direct' && tier !== 'indirect') return;
  if (one.verdict === 'negated' || one.verdict === 'past') return;
  const level: SafetyLevel = one.verdict === 'affirmed' ? 'blocked' : 'warning';
  findings.push(findingOf(parts, settings.rule(OUTPUT_HARM_RULE), level, 0));
}

function findingOf(
  { one, confidence, reading, lexicon, settings }: Parts,
  rule: ReportRule,
  level: SafetyLevel,
  severity: number,
): Finding {
  const { first, last } = one.match;
  return {
    rule_id: rule.id,
    category: rule.category,
    level,
    priority: rule.priority,
    validation_type: rule.validationType,
    confidence,
    span: [reading.startOf(first), reading.endOf(last)],
    matched_form: formOf(first, last, reading, lexicon),
    message: rule.message,
    severity,
    modifiers: [...new Set(one.modifiers)],
    sentiment_score: settings.sentiment,
    escalation_required: severity > 0 && confidence >= rule.escalationThreshold,
  };
}

function formOf(first: number, last: number, { tokens, words }: TextReading, lexicon: Lexicon): string {
  const form: string[] = [];
  for (let i = first; i <= last; i++) {
    const word = words[i]!;
    form.push(word === -1 ? tokens.word(i) : lexicon.words.words[word]!);
  }
  return form.join(' ').slice(0, MAX_FORM);
}

function distinctPhrases(judged: readonly Judged[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const spans = new Map<string, number>();
  for (const { phrase, verdict, match } of judged) {
    if (verdict !== 'affirmed') continue;
    // Two readings of the same words are one phrase.
    const lastEnd = spans.get(phrase.type) ?? -1;
    if (match.first <= lastEnd) continue;
    spans.set(phrase.type, match.last);
    const same = found.get(phrase.type);
    if (same === undefined) found.set(phrase.type, new Set([phrase.text]));
    else same.add(phrase.text);
  }
  return found;
}
