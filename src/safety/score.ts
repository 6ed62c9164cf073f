import type { Finding } from '../contracts/safety.ts';
import { rounded } from './decide/confidence.ts';

/** How safe a text is, 1 = safe. Source: spec, safety 4.4 */
export function scoreOf(findings: readonly Finding[], sentiment: number, isCrisis: boolean): number {
  if (findings.length === 0) return sentiment < -0.5 ? 0.7 : sentiment > 0.5 ? 1 : 0.9;
  const { blocked, warning } = distinctRules(findings);
  return bounded(1 - 0.3 * blocked - 0.15 * warning - (isCrisis ? 0.2 : 0) + 0.1 * sentiment);
}

/** How well a text suits a therapeutic setting. Source: spec, safety 4.4 */
export function appropriatenessOf(
  findings: readonly Finding[],
  sentiment: number,
  isSevereCrisis: boolean,
): number {
  if (findings.length === 0) {
    if (sentiment >= 0) return bounded(0.8 + 0.2 * sentiment);
    return sentiment > -0.3 ? 0.7 : 0.6;
  }
  const { blocked, warning } = distinctRules(findings);
  const appropriateness = bounded(1 - 0.4 * blocked - 0.2 * warning);
  return isSevereCrisis ? Math.min(0.2, appropriateness) : appropriateness;
}

function distinctRules(findings: readonly Finding[]): { blocked: number; warning: number } {
  const blocked = new Set<string>();
  const warning = new Set<string>();
  for (const { level, rule_id: id } of findings) {
    if (level === 'blocked') blocked.add(id);
    if (level === 'warning') warning.add(id);
  }
  return { blocked: blocked.size, warning: warning.size };
}

function bounded(value: number): number {
  return rounded(Math.min(1, Math.max(0, value)));
}
