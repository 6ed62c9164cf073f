import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const FOLDER = join(import.meta.dirname, '../fixtures/safety');

export const CRISIS_TYPES = [
  'suicidal_ideation',
  'self_harm',
  'violence',
  'abuse',
  'substance',
  'eating',
  'psychosis',
  'severe_depression',
] as const;

/** One line as a player might write it, and what a careful reader would decide. */
export const LabelledLine = z
  .strictObject({
    text: z.string().min(1),
    crisis: z.boolean(),
    type: z.enum(CRISIS_TYPES).nullable(),
    level: z.enum(['safe', 'warning', 'blocked']),
    tags: z.array(z.string().regex(/^[a-z][a-z_]*$/)).min(1),
  })
  .refine((line) => line.crisis === (line.type !== null), 'a crisis has a type, and nothing else has one')
  .refine((line) => line.crisis === (line.level === 'blocked') || line.level === 'warning', {
    message: 'a crisis is never safe, and only a crisis is blocked in this set',
  });
export type LabelledLine = z.output<typeof LabelledLine>;

/** Words and cues are written while looking at `dev` only; `kept` is for measuring. */
export type Half = 'dev' | 'kept';

export function halfOf(text: string): Half {
  return createHash('sha256').update(text).digest('hex').charAt(0) < '8' ? 'dev' : 'kept';
}

/** `en` and `es` come from the writers of the words; the others from people who never saw them. */
export const LABELLED_SETS = [
  'en',
  'en-adults',
  'en-players',
  'en-review',
  'en-traps',
  'en-volunteers',
  'en-auditors',
  'es',
] as const;
export type LabelledSet = (typeof LABELLED_SETS)[number];

/** All lines of a set in the order of the file. */
export function readLabelledLines(set: LabelledSet): LabelledLine[] {
  return readFileSync(join(FOLDER, `${set}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => LabelledLine.parse(JSON.parse(line)));
}
