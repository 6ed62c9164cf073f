/** Plural by its look; good enough for names like "wisdom books" and "glass". */
export function isPlural(name: string): boolean {
  // "row of beehives" is one row.
  const last = (name.split(' of ')[0] ?? '').split(' ').at(-1) ?? '';
  return last.endsWith('s') && !/(ss|us|is)$/.test(last);
}

/** Needs no article: a name that has one, a proper name, or a word that stands for a thing. */
function standsAlone(name: string): boolean {
  return (
    /^(the|a|an|my|your|some|what|this|another) /i.test(name) ||
    /^(that|this|it|all|me|myself|us|you|yourself|nothing|home|(some|any|every|no)(thing|one|body|where))\b/i.test(
      name,
    ) ||
    /^\p{Lu}/u.test(name)
  );
}

/** "the ancient journal"; names that bring an article or are proper names stay as they are. */
export function withThe(name: string): string {
  return standsAlone(name) ? name : `the ${name}`;
}

/** "an ancient journal", "some wisdom books". */
export function withA(name: string): string {
  if (standsAlone(name)) return name;
  if (isOneOfItsKind(name)) return `the ${name}`;
  if (isPlural(name)) return `some ${name}`;
  return `${soundsLikeVowel(name) ? 'an' : 'a'} ${name}`;
}

/** "tallest stone", "last apple": there is only one such. */
function isOneOfItsKind(name: string): boolean {
  return /^(?!(for|hon|mod|ear)est\b)\w{3,}est \w|^(first|last|only|same) \w/i.test(name);
}

/** Whether "an" stands before it. */
export function soundsLikeVowel(word: string): boolean {
  return (
    /^(?:[aio]|e(?!u|we)|u(?!ni(?!n|m)|se|k|tensil)|hour|honest|heir)/i.test(word) && !/^one\b/i.test(word)
  );
}

/** "a, b and c"; beyond `limit` items the rest is counted. */
export function listOf(items: readonly string[], limit = 6, last = 'and'): string {
  const shown = items.length > limit ? [...items.slice(0, limit), `${items.length - limit} more`] : items;
  if (shown.length < 2) return shown[0] ?? 'nothing';
  return `${shown.slice(0, -1).join(', ')} ${last} ${shown.at(-1)}`;
}

export function capitalized(text: string): string {
  if (text === '') return text;
  const first = String.fromCodePoint(text.codePointAt(0) ?? 32);
  return first.toUpperCase() + text.slice(first.length);
}

/** A player's own words may be repeated only while they are short; longer ones become `instead`. */
export function echoed(words: string | undefined, instead: string): string {
  const flat = (words ?? '').replace(/\s+/g, ' ').trim();
  return flat === '' || flat.length > 40 ? instead : flat;
}
