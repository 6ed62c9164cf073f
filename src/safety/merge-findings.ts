import type { Finding, SafetyLevel } from '../contracts/safety.ts';

/** Findings of one rule whose spans overlap are one, the surest; then by priority and place. */
export function merged(findings: readonly Finding[]): Finding[] {
  const sorted = findings.toSorted(
    (a, b) => byName(a.rule_id, b.rule_id) || a.span[0] - b.span[0] || b.confidence - a.confidence,
  );
  const kept: Finding[] = [];
  for (const finding of sorted) {
    const last = kept.at(-1);
    if (last === undefined || last.rule_id !== finding.rule_id || last.span[1] <= finding.span[0]) {
      kept.push(finding);
      continue;
    }
    const surest = finding.confidence > last.confidence ? finding : last;
    kept[kept.length - 1] = {
      ...surest,
      span: [last.span[0], Math.max(last.span[1], finding.span[1])],
      level: highest([last, finding]),
      severity: Math.max(last.severity, finding.severity),
      escalation_required: last.escalation_required || finding.escalation_required,
      modifiers: [...new Set([...last.modifiers, ...finding.modifiers])],
    };
  }
  return kept.sort(
    (a, b) => b.priority - a.priority || a.span[0] - b.span[0] || byName(a.rule_id, b.rule_id),
  );
}

function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The worst level of findings. */
export function highest(findings: readonly { readonly level: SafetyLevel }[]): SafetyLevel {
  let level: SafetyLevel = 'safe';
  for (const finding of findings) {
    if (finding.level === 'blocked') return 'blocked';
    if (finding.level === 'warning') level = 'warning';
  }
  return level;
}
