import { expect, test } from 'vitest';
import { compileRules, compileRulesInSlices } from '../../../src/safety/rules/compile-rules.ts';
import { MAX_PATTERN_RULES, MAX_TERMS } from '../../../src/safety/rules/document.ts';
import { createValidator } from '../../../src/safety/validate-text.ts';
import { threadMs } from '../../support/thread-time.ts';
import { lexicon } from './validator.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
/** Slices that a collection of garbage may lengthen. */
const OUTLIERS = 3;

/** A word that is different for every number. */
function wordOf(number: number): string {
  let word = 'z';
  for (let rest = number * 7919 + 31; rest > 0; rest = Math.floor(rest / 26)) word += LETTERS[rest % 26]!;
  return word;
}

/** As large as a document may be. */
const LARGEST = {
  rules: [
    ...Array.from({ length: MAX_PATTERN_RULES }, (_, i) => ({
      id: `pattern_${i}`,
      level: 'warning',
      pattern: `\\b${wordOf(i)}(?:ing|ed)? (?:my|your) ${wordOf(i + 1)}\\b`,
    })),
    ...Array.from({ length: MAX_TERMS / 5000 }, (_, i) => ({
      id: `terms_${i}`,
      level: 'warning',
      terms: Array.from({ length: 5000 }, (__, k) => `${wordOf(i * 5000 + k)} ${wordOf(k)}`),
    })),
  ],
};

test('the largest document becomes ready while the process does other things', async () => {
  const slices: number[] = [];
  let isDone = false;
  let last = threadMs();
  const look = (): void => {
    slices.push(threadMs() - last);
    last = threadMs();
    if (!isDone) setImmediate(look);
  };
  setImmediate(look);
  const rules = await compileRulesInSlices(LARGEST, { source: 'file:x' });
  isDone = true;
  expect(slices.length).toBeGreaterThan(10);
  // Processor time of this thread: what other processes take is none of ours.
  expect(slices.toSorted((a, b) => b - a)[OUTLIERS]).toBeLessThan(20);
  const text = `say ${wordOf(42)} ${wordOf(42)} and ${wordOf(7)}ing my ${wordOf(8)}`;
  const found = createValidator(lexicon, rules)
    .validateText(text)
    .findings.map(({ rule_id: id }) => id);
  expect(found.toSorted()).toEqual(['pattern_7', 'terms_0']);
});

test('in slices or at once, the same set comes of it, or the same faults', async () => {
  const good = { rules: [{ id: 'a', level: 'warning', terms: ['blue moon'] }] };
  const sliced = await compileRulesInSlices(good, { source: 'file:x' });
  expect(sliced.version).toBe(compileRules(good, { source: 'file:x' }).version);
  const bad = compileRulesInSlices({ rules: [{ id: 'a', pattern: '(' }] }, { source: 'file:x' });
  await expect(bad).rejects.toMatchObject({ code: 'safety_rules_invalid' });
});

test('a compilation that nobody waits for any more ends', async () => {
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(compileRulesInSlices(LARGEST, { source: 'file:x', signal })).rejects.toThrow('enough');
});
