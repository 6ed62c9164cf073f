import { describe, expect, test } from 'vitest';
import { readSafetyData } from '../../../config/safety-data.ts';
import { Evaluation, type EvaluationReport, type Share } from '../../../src/safety/evaluate/evaluation.ts';
import { openValidator } from '../../../src/safety/open-validator.ts';
import { halfOf, type LabelledSet, readLabelledLines } from '../../support/labelled-lines.ts';

interface Bars {
  readonly set: LabelledSet;
  readonly sensitivity: number;
  readonly specificity: number;
  readonly level: number;
  /** Least share of lines of a tag that are judged rightly. */
  readonly tags: Readonly<Record<string, number>>;
}

/**
 * What must be reached on lines that no word was chosen by. The bars of `en` and `es` are those asked of the product.
 * The other sets are harder, and by people who never saw the words: there the bars are what has been reached, and
 * they may only rise.
 */
const BARS: readonly Bars[] = [
  { set: 'en', sensitivity: 0.97, specificity: 0.95, level: 0.9, tags: { obfuscated: 0.93, fiction: 0.98 } },
  {
    set: 'en-adults',
    sensitivity: 0.95,
    specificity: 0.95,
    level: 0.94,
    tags: { obfuscated: 0.93, fiction: 0.95 },
  },
  {
    set: 'en-players',
    sensitivity: 0.94,
    specificity: 0.94,
    level: 0.93,
    tags: { obfuscated: 0.93, fiction: 0.92 },
  },
  { set: 'en-review', sensitivity: 0.93, specificity: 0.84, level: 0.88, tags: { obfuscated: 0.93 } },
  { set: 'en-traps', sensitivity: 0.93, specificity: 0.9, level: 0.89, tags: { obfuscated: 0.93 } },
  {
    set: 'en-volunteers',
    sensitivity: 0.95,
    specificity: 0.9,
    level: 0.87,
    tags: { obfuscated: 0.93, fiction: 0.89 },
  },
  {
    set: 'en-auditors',
    sensitivity: 0.92,
    specificity: 0.89,
    level: 0.86,
    tags: { obfuscated: 0.93, fiction: 0.92 },
  },
  { set: 'es', sensitivity: 0.95, specificity: 0.95, level: 0.95, tags: {} },
];

const validators = new Map(
  (['en', 'es'] as const).map((locale) => [locale, openValidator(readSafetyData(locale))]),
);

function reportOf(set: LabelledSet): EvaluationReport {
  const { validateText } = validators.get(set === 'es' ? 'es' : 'en')!;
  const evaluation = new Evaluation();
  for (const line of readLabelledLines(set)) {
    if (halfOf(line.text) !== 'kept') continue;
    evaluation.add({ ...line, type: line.type ?? '' }, validateText(line.text, { includeAudit: false }));
  }
  return evaluation.report();
}

/** Figures only: whoever reads the missed lines has looked at what is kept for measuring. */
function print(
  set: string,
  { sensitivity, specificity, level_accuracy: level, by_tag: tags }: EvaluationReport,
) {
  const show = ({ hits, of, share }: Share): string => `${hits}/${of} ${share?.toFixed(3) ?? '–'}`;
  const byTag = Object.entries(tags).map(([tag, { crisis }]) => `${tag} ${crisis.hits}/${crisis.of}`);
  console.log(
    `${set}: sensitivity ${show(sensitivity)}, specificity ${show(specificity)}, level ${show(level)}; ${byTag.join(', ')}`,
  );
}

describe.for(BARS)('the kept half of $set', ({ set, ...bars }) => {
  const report = reportOf(set);
  print(set, report);

  test(`finds at least ${bars.sensitivity} of the crises`, () => {
    expect(report.sensitivity.share).toBeGreaterThanOrEqual(bars.sensitivity);
  });

  test(`leaves at least ${bars.specificity} of the others alone`, () => {
    expect(report.specificity.share).toBeGreaterThanOrEqual(bars.specificity);
  });

  test(`has the level right for at least ${bars.level}`, () => {
    expect(report.level_accuracy.share).toBeGreaterThanOrEqual(bars.level);
  });

  test.for(Object.entries(bars.tags))(
    'is right about lines of the tag %s for at least %d',
    ([tag, least]) => {
      expect(report.by_tag[tag]!.crisis.share).toBeGreaterThanOrEqual(least);
    },
  );
});
