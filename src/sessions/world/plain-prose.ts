import { isPlainEnglish } from './plain-english.ts';

const MARKUP = /[<>{}[\]|\\`#*_=@~^$%]|https?:|www\./i;
/** Words of somebody who talks about the game, or to a machine. */
const OUT_OF_STORY =
  /\b(?:prompt|instructions?|ignore|json|schema|system|assistant|language model|as an ai|operations?|player)\b/i;
const DIRECTION_WORDS =
  /\b(?:north|south|east|west|north-?east|north-?west|south-?east|south-?west)(?:wards?|ern|erly)?\b/i;

/**
 * Whether a text may stand in a world: plain whole English sentences of the story, without markup, links or control characters,
 * and without directions, which only the map may give.
 */
export function isPlainProse(text: string, length: { readonly min: number; readonly max: number }): boolean {
  return (
    text.length >= length.min &&
    text.length <= length.max &&
    /^["“]?\p{Lu}[^\p{Cc}\p{Cf}]*[.!?]["”]?$/u.test(text) &&
    !MARKUP.test(text) &&
    !OUT_OF_STORY.test(text) &&
    !DIRECTION_WORDS.test(text) &&
    isPlainEnglish(text)
  );
}

/** Whether something may be called so: a few plain lower-case words that go behind "the". */
export function isPlainName(name: string): boolean {
  return (
    /^\p{Ll}[\p{Ll}’' -]{1,38}\p{Ll}$/u.test(name) &&
    name.split(' ').length <= 5 &&
    !/^(?:the|an?|my|your) |\b(?:you|me|player|unexplored)\b/.test(name) &&
    !OUT_OF_STORY.test(name) &&
    !DIRECTION_WORDS.test(name)
  );
}

export function isPlainMood(mood: string): boolean {
  return /^[a-z][a-z-]{2,19}$/.test(mood);
}

/** As a name is written in a world: models like capitals and articles. */
export function asName(text: string): string {
  return text
    .normalize('NFC')
    .trim()
    .replaceAll(/\s+/g, ' ')
    .toLowerCase()
    .replace(/^(?:the|an?) /, '');
}
