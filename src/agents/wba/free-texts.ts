import type { StepValidation } from '../../contracts/safety.ts';
import type { RejectedOperation, WorldOperation } from '../../contracts/world.ts';
import type { OutputJudge } from '../../safety/screening/judge-output.ts';
import { worseOf } from '../../safety/screening/step-validation.ts';

/** The operations whose words may stand in a world, each with its place in the request, and what was found. */
export interface JudgedOperations {
  readonly operations: readonly WorldOperation[];
  /** Of `operations`, in the same order. */
  readonly places: readonly number[];
  readonly rejected: readonly RejectedOperation[];
  readonly validation: StepValidation | null;
  readonly blocked: readonly { readonly text: string; readonly validation: StepValidation }[];
}

const MOST_FINDINGS = 20;

/** Judges the words that operations would write. Names by which things are only looked up are not written. */
export function judgeOperations(
  operations: readonly WorldOperation[],
  judge: OutputJudge | null,
): JudgedOperations {
  if (judge === null) {
    return { operations, places: operations.map((_, i) => i), rejected: [], validation: null, blocked: [] };
  }
  const kept: WorldOperation[] = [];
  const places: number[] = [];
  const rejected: RejectedOperation[] = [];
  const blocked: { text: string; validation: StepValidation }[] = [];
  let validation = NOTHING_FOUND;
  for (const [index, operation] of operations.entries()) {
    const text = writtenBy(operation).join('\n');
    const found = text === '' ? null : judge.judge(text);
    if (found !== null) validation = joined(validation, found);
    if (found?.level === 'blocked' && operation.op !== 'advance_turn') {
      blocked.push({ text, validation: found });
      rejected.push({
        index,
        op: operation.op,
        code: 'content_blocked',
        message: 'its words may not stand in a world',
      });
      continue;
    }
    kept.push(operation);
    places.push(index);
  }
  return { operations: kept, places, rejected, validation, blocked };
}

const NOTHING_FOUND: StepValidation = {
  level: 'safe',
  crisis_detected: false,
  crisis_types: [],
  findings: [],
  monitoring_flags: [],
  rules_version: '',
};

function joined(before: StepValidation, found: StepValidation): StepValidation {
  const isBlocked = before.blocked === true || found.level === 'blocked';
  return {
    ...found,
    level: worseOf(before.level, found.level),
    findings: [...before.findings, ...found.findings].slice(0, MOST_FINDINGS),
    monitoring_flags: [...new Set([...before.monitoring_flags, ...found.monitoring_flags])],
    ...(isBlocked ? { blocked: true } : {}),
  };
}

function writtenBy(operation: WorldOperation): string[] {
  switch (operation.op) {
    case 'set_mood':
      return [operation.mood];
    case 'set_flag':
      return typeof operation.value === 'string' ? [operation.value] : [];
    case 'add_fact':
      return [operation.text];
    case 'add_location':
      return [
        operation.name,
        ...(operation.aliases ?? []),
        operation.description,
        operation.theme,
        operation.mood,
      ];
    case 'add_object':
      return [operation.name, ...(operation.aliases ?? []), operation.description, operation.use_text ?? ''];
    case 'add_npc':
      return [operation.name, ...(operation.aliases ?? []), operation.description, operation.mood];
    default:
      return [];
  }
}
