import { createHash } from 'node:crypto';
import { z } from 'zod';
import { SAFETY_LEVELS, type ValidationResult } from '../../contracts/safety.ts';

/** A text with what a person says about it. */
export const LabelledLine = z.looseObject({
  text: z.string(),
  crisis: z.boolean(),
  /** Of the crisis; where there is none, nothing or what the distress is about. */
  type: z
    .string()
    .nullish()
    .transform((type) => type ?? ''),
  level: z.enum(SAFETY_LEVELS),
  tags: z.array(z.string()).default([]),
});
export type LabelledLine = z.output<typeof LabelledLine>;

export const HALVES = ['dev', 'kept', 'all'] as const;
export type Half = (typeof HALVES)[number];

/** Phrases are tuned on one half and scored on the other: the first digit of the text's sha256 tells which. */
export function isOfHalf(text: string, half: Half): boolean {
  if (half === 'all') return true;
  const digit = Number.parseInt(createHash('sha256').update(text).digest('hex')[0]!, 16);
  return digit < 8 === (half === 'dev');
}

export interface Share {
  readonly hits: number;
  readonly of: number;
  /** Null when there was nothing to hit. */
  readonly share: number | null;
  /** Wilson's 95 % interval. */
  readonly low: number | null;
  readonly high: number | null;
}

export interface EvaluationReport {
  readonly lines: number;
  readonly confusion: Readonly<
    Record<'true_positive' | 'false_negative' | 'false_positive' | 'true_negative', number>
  >;
  readonly sensitivity: Share;
  readonly specificity: Share;
  readonly level_accuracy: Share;
  /** Of the crises that were found, those whose type is among the types found. */
  readonly type_accuracy: Share;
  /** What a finding would be worth where so many texts are a crisis. */
  readonly ppv: Readonly<Record<string, number | null>>;
  readonly by_type: Readonly<Record<string, Share>>;
  /** Lines whose question of crisis was answered rightly, and whose level was. */
  readonly by_tag: Readonly<Record<string, { readonly crisis: Share; readonly level: Share }>>;
  readonly errors: readonly EvaluationError[];
}

export interface EvaluationError {
  readonly text: string;
  readonly tags: readonly string[];
  readonly expected: string;
  readonly found: string;
}

const PREVALENCES = [0.001, 0.01, 0.05];

class Count {
  hits = 0;
  of = 0;

  add(isHit: boolean): void {
    this.of++;
    if (isHit) this.hits++;
  }

  share(): Share {
    return shareOf(this.hits, this.of);
  }
}

/** Counts how labelled texts were judged. */
export class Evaluation {
  readonly #confusion = { true_positive: 0, false_negative: 0, false_positive: 0, true_negative: 0 };
  readonly #level = new Count();
  readonly #type = new Count();
  readonly #byType = new Map<string, Count>();
  readonly #byTag = new Map<string, { crisis: Count; level: Count }>();
  readonly #errors: EvaluationError[] = [];

  add(line: LabelledLine, result: ValidationResult): void {
    const isRight = line.crisis === result.crisis_detected;
    const isLevel = line.level === result.level;
    if (line.crisis) this.#confusion[isRight ? 'true_positive' : 'false_negative']++;
    else this.#confusion[isRight ? 'true_negative' : 'false_positive']++;
    this.#level.add(isLevel);
    if (line.crisis) entry(this.#byType, line.type, () => new Count()).add(isRight);
    if (line.crisis && isRight) {
      this.#type.add(result.crisis_types.some((type) => type === line.type));
    }
    for (const tag of line.tags) {
      const counts = entry(this.#byTag, tag, () => ({ crisis: new Count(), level: new Count() }));
      counts.crisis.add(isRight);
      counts.level.add(isLevel);
    }
    if (isRight && isLevel) return;
    this.#errors.push({
      text: line.text,
      tags: line.tags,
      expected: line.crisis ? `${line.level}, crisis ${line.type}` : line.level,
      found: result.crisis_detected
        ? `${result.level}, crisis ${result.crisis_types.join(' ')}`
        : result.level,
    });
  }

  report(): EvaluationReport {
    const { true_positive: tp, false_negative: fn, false_positive: fp, true_negative: tn } = this.#confusion;
    const sensitivity = shareOf(tp, tp + fn);
    const specificity = shareOf(tn, tn + fp);
    return {
      lines: tp + fn + fp + tn,
      confusion: { ...this.#confusion },
      sensitivity,
      specificity,
      level_accuracy: this.#level.share(),
      type_accuracy: this.#type.share(),
      ppv: Object.fromEntries(
        PREVALENCES.map((prevalence) => [String(prevalence), ppv(sensitivity, specificity, prevalence)]),
      ),
      by_type: Object.fromEntries([...this.#byType].map(([type, count]) => [type, count.share()])),
      by_tag: Object.fromEntries(
        [...this.#byTag].map(([tag, { crisis, level }]) => [
          tag,
          { crisis: crisis.share(), level: level.share() },
        ]),
      ),
      errors: this.#errors,
    };
  }
}

/** A share with Wilson's score interval at 95 %. */
export function shareOf(hits: number, of: number): Share {
  if (of === 0) return { hits, of, share: null, low: null, high: null };
  const z95 = 1.959964;
  const p = hits / of;
  const middle = p + (z95 * z95) / (2 * of);
  const margin = z95 * Math.sqrt((p * (1 - p)) / of + (z95 * z95) / (4 * of * of));
  const scale = 1 + (z95 * z95) / of;
  return {
    hits,
    of,
    share: digits(p),
    low: digits(Math.max(0, (middle - margin) / scale)),
    high: digits(Math.min(1, (middle + margin) / scale)),
  };
}

function ppv(
  { share: sensitivity }: Share,
  { share: specificity }: Share,
  prevalence: number,
): number | null {
  if (sensitivity === null || specificity === null) return null;
  const found = sensitivity * prevalence;
  const falsely = (1 - specificity) * (1 - prevalence);
  return found + falsely === 0 ? null : digits(found / (found + falsely));
}

function entry<V>(map: Map<string, V>, key: string, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}

function digits(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
