import { stemOf } from '../avoidance.ts';
import { ABSENCE, SPEECH, TANGIBLE } from './tangible.ts';
import { wordsIn, type TurnFacts } from './turn-facts.ts';

const COMPASS = /\b(?:north|south|east|west|northeast|northwest|southeast|southwest)\b/giu;
const SUBJECT_VERB =
  /^(\p{Lu}[\p{L}’]+) (?:says|smiles|nods|greets|asks|waves|whispers|laughs|frowns|sighs|shrugs)\b/u;
const NOBODY_IN_PARTICULAR = new Set(
  'he she they it you someone somebody nobody everyone everybody who something nothing everything one this that'.split(
    ' ',
  ),
);

/** What a sentence names although it is not there. Empty: nothing. */
export function strangersIn(sentence: string, facts: TurnFacts): string[] {
  return [
    ...inventedThings(sentence, facts),
    ...inventedNames(sentence, facts),
    ...inventedWays(sentence, facts),
  ];
}

function inventedThings(sentence: string, facts: TurnFacts): string[] {
  const words = wordsIn(sentence);
  const isAside = ABSENCE.test(sentence) || SPEECH.test(sentence);
  return words.flatMap((word, at) => {
    const plain = TANGIBLE.has(word) ? word : singular(word);
    if (!TANGIBLE.has(plain)) return [];
    const stem = stemOf(plain);
    if (facts.seen.has(stem) || (isAside && facts.said.has(stem))) return [];
    const before = words.slice(Math.max(0, at - 4), at);
    const isLikeness = before.some((other) => other === 'like' || other === 'as');
    return isLikeness ? [] : [plain];
  });
}

/** Capital letters inside a sentence belong to names. */
function inventedNames(sentence: string, facts: TurnFacts): string[] {
  const inside = [...sentence.matchAll(/(?<=[\p{L},;:’] )\p{Lu}\p{L}+/gu)].map((match) => match[0]);
  const subject = SUBJECT_VERB.exec(sentence.replace(/^[“‘(]+/u, ''))?.[1];
  const names = subject === undefined ? inside : [...inside, subject];
  return names.filter((name) => {
    const word = name.toLowerCase();
    const stem = stemOf(word);
    return !NOBODY_IN_PARTICULAR.has(word) && word !== 'i' && !facts.seen.has(stem) && !facts.said.has(stem);
  });
}

function inventedWays(sentence: string, facts: TurnFacts): string[] {
  if (ABSENCE.test(sentence)) return [];
  const open = new Set<string>(facts.view?.location.exits.map((exit) => exit.direction) ?? []);
  for (const done of facts.input.world?.applied ?? [])
    if (done.direction !== undefined) open.add(done.direction);
  // Somebody who sets out may be told of, wherever it leads.
  if (/\byou\b/iu.test(sentence)) {
    for (const action of facts.input.intent?.actions ?? [])
      if (action.direction !== undefined) open.add(action.direction);
  }
  const named = [...sentence.matchAll(COMPASS)].map((match) => match[0].toLowerCase());
  return named.filter((way) => !open.has(way));
}

function singular(word: string): string {
  if (word.endsWith('ves')) return `${word.slice(0, -3)}f`;
  return word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word;
}
