import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { INTENTS, type Intent, type IntentAction, type IpaOutput } from '../../src/contracts/intent.ts';
import { SCENES } from './scenes.ts';

/** What one action of a line must be; fields that are not labelled are not compared. */
export interface ExpectedAction {
  /** Any of these is right; the first is the one that it is counted under. */
  readonly intents: readonly [Intent, ...Intent[]];
  readonly fields: readonly (readonly [keyof IntentAction, string])[];
  readonly absent: readonly (keyof IntentAction)[];
  /** Null where asking back is as good as doing. */
  readonly asks: boolean | null;
}

export interface Utterance {
  readonly text: string;
  readonly scene: string;
  readonly lastEntity: string | null;
  readonly actions: readonly ExpectedAction[];
  readonly alternatives: readonly string[];
  /** Rules may be written for what is missed in the one half; the other is only scored. */
  readonly half: 'tuning' | 'scored';
}

/** Folders of labelled lines, each by an author who had not read the rules; `tests/data/README.md` has the form. */
export const CORPORA = ['utterances', 'voices'] as const;
export type Corpus = (typeof CORPORA)[number];

/** Every labelled line of a folder. */
export function readUtterances(corpus: Corpus): Utterance[] {
  const folder = join(import.meta.dirname, corpus);
  return globSync('*.txt', { cwd: folder })
    .toSorted()
    .flatMap((file) => readFile(readFileSync(join(folder, file), 'utf8')));
}

/** How a result differs from the label, in words; empty when it is right. */
export function differences(expected: Utterance, result: IpaOutput): string[] {
  const got = result.actions.map(({ intent }) => intent);
  const fits = got.every((intent, i) => expected.actions[i]?.intents.includes(intent));
  if (!fits || got.length !== expected.actions.length) return [got.join(', ')];
  const wrong = expected.actions.flatMap((wanted, i) => differ(wanted, result.actions[i]!));
  const offered = new Set(result.alternatives.map(({ text }) => text));
  const unoffered = expected.alternatives.filter((text) => !offered.has(text));
  return [...wrong, ...unoffered.map((text) => `does not offer "${text}"`)];
}

function differ(wanted: ExpectedAction, got: IntentAction): string[] {
  const wrong = wanted.fields.filter(([field, value]) => got[field] !== value);
  const unwanted = wanted.absent.filter((field) => got[field] !== undefined);
  const isAskingRight = wanted.asks === null || got.needs_clarification === wanted.asks;
  const asks = got.intent !== 'unknown' && !isAskingRight;
  return [
    ...wrong.map(([field]) => `${field}=${String(got[field])}`),
    ...unwanted.map((field) => `${field}=${String(got[field])}`),
    ...(asks ? [got.needs_clarification ? 'asks' : 'does not ask'] : []),
  ];
}

function readFile(source: string): Utterance[] {
  const utterances: Utterance[] = [];
  let scene = 'none';
  let lastEntity: string | null = null;
  for (const line of source.split('\n')) {
    const heading = /^## (\w+)(?: last=(\w+))?$/.exec(line);
    if (heading !== null) {
      [scene, lastEntity] = [heading[1]!, heading[2] ?? null];
      if (!(scene in SCENES)) throw new Error(`unknown scene "${scene}"`);
    } else if (line !== '' && !line.startsWith('# ')) {
      utterances.push(readLine(line, scene, lastEntity));
    }
  }
  return utterances;
}

function readLine(line: string, scene: string, lastEntity: string | null): Utterance {
  const [text, labels] = line.split(' => ');
  if (text === undefined || labels === undefined) throw new Error(`no label: ${line}`);
  const alternatives = [...labels.matchAll(/; alt=([^;]+)/g)].map((match) => match[1]!.trim());
  const actions = labels
    .replaceAll(/; alt=[^;]+/g, '')
    .split(' && ')
    .map(readAction);
  const isTuning = createHash('sha256').update(text).digest()[0]! % 2 === 0;
  return { text, scene, lastEntity, actions, alternatives, half: isTuning ? 'tuning' : 'scored' };
}

function readAction(label: string): ExpectedAction {
  const [names = '', ...marks] = label.trim().split('; ');
  const [first, ...others] = names.split('|').map((name) => {
    const intent = INTENTS.find((known) => known === name);
    if (intent === undefined) throw new Error(`unknown intent: ${label}`);
    return intent;
  });
  if (first === undefined) throw new Error(`no intent: ${label}`);
  return {
    intents: [first, ...others],
    asks: marks.includes('??') ? null : marks.includes('?'),
    absent: marks.filter((mark) => mark.startsWith('!')).map((mark) => mark.slice(1) as keyof IntentAction),
    fields: marks
      .filter((mark) => mark.includes('='))
      .map((mark) => mark.split('=') as [keyof IntentAction, string]),
  };
}
