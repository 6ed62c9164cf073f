import { PhraseTable } from './patterns.ts';
import type { Token } from './tokens.ts';

/** What hangs behind a line and asks for nothing: "close the door, would you?", "go north lol". */
const TAGS = new PhraseTable<true>(
  [
    '(would|will|could|can|won|will not) you (please|mind|kindly)?; if (you|i) (please|may|might|could|can|will|would|wish|like|would be so kind|would be so good|would be so nice|do not mind|could please|do)',
    "if (you|they|nobody|no one) (don't|doesn't) mind; if i may be so bold; if (it's|it is|that's|that is) (ok|okay|alright|all right|possible|allowed|fine|not too much trouble) (with you|by you)?; if (possible|allowed); shall (we|i); (won't|can't|couldn't|wouldn't) you; is that (ok|okay|alright|fine|possible)",
    '(lol|lmao|rofl|haha|hahaha|hehe|xd|brb|omg|tbh|imo|btw|bro|bruh|dude|yo|k|asap|ok|okay|right|yes|yeah|no|please|thanks|cheers|fam|tho|though|then|or something|or whatever|i guess|i think|i suppose|you know|my dear|for me)',
    'thank (you|you very much|you kindly|you so much); thanks (a lot|so much); many thanks; with pleasure; (be right back|by the way)',
  ].flatMap((patterns) => patterns.split(';').map((pattern): [string, true] => [pattern.trim(), true])),
);
const LONGEST = 7;

/** "I'm not ok" ends in no tag, "go south, ok?" does. */
const NEEDS_PAUSE = /^(ok|okay|right|yes|yeah|no|then|k|though|thank|thanks)$/;

/** The line without the tags at its end; a line that is nothing but tags stays. */
export function withoutTags(tokens: readonly Token[]): readonly Token[] {
  let end = tokens.length;
  for (let found = true; found && end > 0;) {
    found = false;
    for (let length = Math.min(LONGEST, end - 1); length > 0 && !found; length--) {
      const tail = tokens.slice(end - length, end);
      found = isTag(tail);
      if (found) end -= length;
    }
  }
  return tokens.slice(0, end);
}

function isTag(tail: readonly Token[]): boolean {
  const isWhole = TAGS.at(tail, 0).some(({ words }) => words.length === tail.length);
  return (
    isWhole &&
    (!NEEDS_PAUSE.test(tail[0]?.word ?? '') || tail[0]?.breakBefore !== 'none') &&
    tail.every((token, at) => !token.isQuoted && (at === 0 || token.breakBefore === 'none'))
  );
}
