import type { SupportTemplates } from '../../../config/safety-support.ts';
import type { CrisisLevel, CrisisType, Finding, SafetyLevel, Stage } from '../../contracts/safety.ts';
import { crisisLevelOf, crisisTypesOf } from '../assess.ts';

export interface Suggested {
  /** With placeholders. */
  readonly text: string;
  /** Whose lines it should name. */
  readonly types: readonly CrisisType[];
}

export interface ToSuggest {
  readonly level: SafetyLevel;
  readonly findings: readonly Finding[];
  readonly stage: Stage;
  /** What the rules say instead, by rule. */
  readonly templateOf?: ((ruleId: string) => string | undefined) | undefined;
}

/**
 * The text that takes the place of one that may not flow, before its placeholders are filled: what the rule says that
 * weighs most, else what fits the crisis, else the boundary or the distress, else the level. Null for a safe text. A
 * story is not the player's doing, so instead of it the story rests.
 *
 * Source: spec, safety 5, order of choice
 */
export function suggest(templates: SupportTemplates, about: ToSuggest): Suggested | null {
  const { level, findings, stage, templateOf } = about;
  if (level === 'safe') return null;
  const telling = findings.filter((finding) => finding.level === level);
  const types = stage === 'input' ? crisisTypesOf(findings) : [];
  for (const { rule_id: id } of telling) {
    const own = templateOf?.(id);
    if (own !== undefined) return { text: own, types };
  }
  if (stage === 'output') return { text: templates.output.fallback, types };
  const [worst] = types;
  if (worst !== undefined) {
    return { text: crisisText(templates, worst, crisisLevelOf(findings, {}, 0)), types };
  }
  for (const finding of telling) {
    const text =
      boundaryText(templates, finding) ?? (level === 'warning' ? distressText(templates, finding) : null);
    if (text !== null) return { text, types };
  }
  return { text: templates.level[level], types };
}

export function crisisText(
  { crisis, level: byLevel }: SupportTemplates,
  type: CrisisType,
  level: CrisisLevel,
): string {
  return crisis[type]?.[level === 'low' ? 'moderate' : level] ?? byLevel.blocked;
}

function boundaryText({ boundary }: SupportTemplates, finding: Finding): string | null {
  if (finding.rule_id === 'ethics_medical_advice') return boundary.medical_request;
  if (finding.rule_id === 'boundary_inappropriate_content') return boundary.inappropriate;
  return finding.validation_type === 'therapeutic_boundary' ? boundary.default : null;
}

function distressText({ distress }: SupportTemplates, { rule_id: id, modifiers }: Finding): string | null {
  if (modifiers.includes('third_person')) return distress.third_person_concern;
  if (id === 'distress_panic') return distress.panic;
  if (id.startsWith('distress_') || id === 'sentiment_severe_negative') return distress.sadness;
  if (id !== 'crisis_mention') return null;
  if (modifiers.includes('past')) return distress.past_resolved;
  return modifiers.includes('negated') ? distress.negated_mention : null;
}
