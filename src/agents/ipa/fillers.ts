import { DIRECTION_BY_WORD } from './directions.ts';
import { verbsAt } from './lexicon.ts';
import { startsWithPhrase, type Token } from './tokens.ts';

/** Words before the verb that change nothing, longest first. */
const FILLERS = [
  'i would like to',
  "i'd like to",
  'i want to',
  'i wish to',
  'i try to',
  'i decide to',
  'i am going to',
  "i'm going to",
  'i need to',
  'i have to',
  'i think i will',
  "i think i'll",
  'can you',
  'could you',
  'would you',
  'can we',
  'can i',
  'could i',
  'may i',
  'let me',
  'let us',
  "let's",
  'lets',
  'i will',
  "i'll",
  'try to',
  'i am',
  "i'm",
  'we',
  'i',
  'please',
  'now',
  'just',
  'ok',
  'okay',
  'well',
  'so',
  'quickly',
  'slowly',
  'carefully',
  'quietly',
  'gently',
  'kindly',
  'then',
  'and',
  'but',
  'first',
  'finally',
  'maybe',
].map((phrase) => phrase.split(' '));

/** The position of the first word that may be a verb. A filler at the very end is left standing. */
export function afterFillers(tokens: readonly Token[], from: number): number {
  let at = from;
  for (;;) {
    const filler = FILLERS.find((words) => {
      const end = at + words.length;
      if (!startsWithPhrase(tokens, at, words) || end >= tokens.length) return false;
      // "I am going to the village": what follows "to" must be a command for the words to be mere filling.
      return words.at(-1) !== 'to' || isCommandWord(tokens, end);
    });
    if (filler === undefined) return at;
    at += filler.length;
    if (verbsAt(tokens, at).length > 0) return at;
  }
}

function isCommandWord(tokens: readonly Token[], at: number): boolean {
  return verbsAt(tokens, at).length > 0 || DIRECTION_BY_WORD.has(tokens[at]?.word ?? '');
}
