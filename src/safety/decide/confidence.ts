import type { SafetyContext } from '../../contracts/safety.ts';
import type { Judged } from './judge.ts';

const BASE = { direct: 0.9, indirect: 0.7, euphemism: 0.5, slang: 0.5, weak: 0.25 } as const;
/** A joke added to a plain statement takes nothing from it beyond this. */
export const LEAST_OF_DIRECT = 0.35;
const MS_OF_30_DAYS = 30 * 24 * 3_600_000;

/**
 * How sure a claim is, 0 to 1.
 *
 * @param ofSameType  distinct phrases of the same type in the text, this one among them
 * Source: spec, safety 4.2
 */
export function confidenceOf(
  { phrase, modifiers }: Judged,
  ofSameType: number,
  sentiment: number,
  hasHistory: boolean,
): number {
  let confidence: number = BASE[phrase.tier];
  if (sentiment < -0.5) confidence += 0.1;
  else if (sentiment < -0.2) confidence += 0.05;
  // Words of despair are what a weak cue consists of; they must not confirm themselves.
  if (phrase.tier === 'weak') confidence = BASE.weak;
  if (hasHistory) confidence += 0.1;
  if (ofSameType > 1) confidence += 0.1;
  if (modifiers.includes('hedged')) {
    confidence = Math.max(confidence - 0.1, phrase.tier === 'direct' ? LEAST_OF_DIRECT : 0);
  }
  if (modifiers.includes('deobfuscated')) confidence -= 0.05;
  if (modifiers.includes('fuzzy')) confidence -= 0.1;
  return rounded(Math.min(1, Math.max(0, confidence)));
}

/** A crisis of the last 30 days, or one at a time nobody noted. */
export function hasCrisisHistory(
  { previous_crisis_indicators: previous }: SafetyContext,
  nowMs: number,
): boolean {
  if (previous === undefined || typeof previous === 'boolean') return previous === true;
  if (previous.count === 0) return false;
  return previous.last_at === undefined || nowMs - Date.parse(previous.last_at) <= MS_OF_30_DAYS;
}

export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
