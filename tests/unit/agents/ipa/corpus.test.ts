import { describe, expect, it } from 'vitest';
import { parseText } from '../../../../src/agents/ipa/parse.ts';
import { INTENTS } from '../../../../src/contracts/intent.ts';
import { SCENES } from '../../../data/scenes.ts';
import {
  CORPORA,
  differences,
  readUtterances,
  type Corpus,
  type Utterance,
} from '../../../data/utterances.ts';

const HALVES = ['tuning', 'scored'] as const;
/** The scored half is lower: no rule was written for one of its lines. */
const WANTED_ACCURACY = {
  utterances: { tuning: 0.95, scored: 0.93 },
  voices: { tuning: 0.97, scored: 0.9 },
} as const;
const utterances = {
  utterances: readUtterances('utterances'),
  voices: readUtterances('voices'),
} as const;

interface Scored {
  readonly utterance: Utterance;
  readonly wrong: readonly string[];
}

function score(corpus: Corpus, half: Utterance['half']): Scored[] {
  return utterances[corpus]
    .filter((utterance) => utterance.half === half)
    .map((utterance) => {
      const { text, scene, lastEntity } = utterance;
      return { utterance, wrong: differences(utterance, parseText(text, SCENES[scene] ?? null, lastEntity)) };
    });
}

function accuracy(scored: readonly Scored[]): number {
  return scored.filter(({ wrong }) => wrong.length === 0).length / scored.length;
}

/** Names the misses of the half for tuning alone, so that nobody writes a rule for one of the other. */
function report(corpus: Corpus, half: Utterance['half'], scored: readonly Scored[]): string {
  const byIntent = INTENTS.flatMap((intent) => {
    const of = scored.filter(({ utterance }) => utterance.actions[0]?.intents[0] === intent);
    return of.length === 0 ? [] : [`${intent} ${accuracy(of).toFixed(2)} (${of.length})`];
  });
  const missed = scored
    .filter(({ wrong }) => half === 'tuning' && wrong.length > 0)
    .map(({ utterance, wrong }) => `  ${utterance.scene}: ${utterance.text}  ->  ${wrong.join('; ')}`);
  const heading = `${corpus}, ${half}: ${accuracy(scored).toFixed(3)} of ${scored.length}`;
  return [heading, byIntent.join(', '), ...missed].join('\n');
}

describe.each(CORPORA)('the labelled lines of %s', (corpus) => {
  it('are at least 250, each once per scene, with every intent in both halves', () => {
    expect(utterances[corpus].length).toBeGreaterThanOrEqual(250);
    const keys = utterances[corpus].map(({ scene, lastEntity, text }) => `${scene} ${lastEntity} ${text}`);
    expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([]);
    for (const half of HALVES) {
      const present = utterances[corpus].filter((u) => u.half === half).map((u) => u.actions[0]?.intents[0]);
      expect(INTENTS.filter((intent) => !present.includes(intent))).toEqual([]);
    }
  });

  it.each(HALVES)('of the half for %s are understood', (half) => {
    const scored = score(corpus, half);
    console.log(report(corpus, half, scored));
    expect(accuracy(scored)).toBeGreaterThanOrEqual(WANTED_ACCURACY[corpus][half]);
  });
});
