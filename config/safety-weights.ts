import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { FleetError } from '../src/kernel/errors.ts';

/** What a text may be: no matter of concern, distress or a mention, or a crisis of one of the types. */
export const OUTCOMES = [
  'safe',
  'warning',
  'suicidal_ideation',
  'self_harm',
  'violence',
  'abuse',
  'substance',
  'eating',
  'psychosis',
  'severe_depression',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

const Row = z.array(z.int()).length(OUTCOMES.length);
const Rows = z.record(z.string(), Row);

/**
 * What words tell about the outcomes, in hundredths and in the order of {@link OUTCOMES}; made by
 * `scripts/weigh-words.ts` from labelled lines.
 */
export const WordWeights = z.strictObject({
  bias: Row,
  /** Single words, without their endings, and by the classes and lists that they are in. */
  words: Rows,
  stems: Rows,
  classes: Rows,
  /** Two words that follow each other, and two with one word between them. */
  pairs: Rows,
  around: Rows,
});
export type WordWeights = z.output<typeof WordWeights>;

/**
 * Null where a language has none.
 *
 * Errors: safety_data_invalid (invalid_input) naming the file and what is wrong
 */
export function readWordWeights(file: string): WordWeights | null {
  if (!existsSync(file)) return null;
  try {
    return WordWeights.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new FleetError({
      code: 'safety_data_invalid',
      kind: 'invalid_input',
      message: `${file}: ${error instanceof z.ZodError ? z.prettifyError(error) : String(error)}`,
      cause: error,
    });
  }
}
