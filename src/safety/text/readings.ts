const LEET: Readonly<Record<string, readonly string[]>> = {
  '0': ['o'],
  '1': ['i', 'l'],
  '3': ['e'],
  '4': ['a'],
  '5': ['s'],
  '7': ['t'],
  '8': ['b'],
  '9': ['g'],
  '@': ['a'],
  $: ['s'],
  '!': ['i'],
  '|': ['l', 'i'],
  '+': ['t'],
};
const MAX_READINGS = 16;

/**
 * What a word with digits and symbols may stand for, both readings of 1 and | among them; a `*` stays, for any one
 * letter. A word without such signs has one reading, itself.
 *
 * Source: spec, safety 2, step 3
 */
export function leetReadings(word: string): string[] {
  let readings = [''];
  for (const sign of word) {
    const letters = LEET[sign] ?? [sign];
    const wanted = readings.length * letters.length > MAX_READINGS ? letters.slice(0, 1) : letters;
    readings = readings.flatMap((reading) => wanted.map((letter) => reading + letter));
  }
  return readings;
}

/** Runs of a letter shortened to two and to one: "dieeee" is "diee" and "die". Source: spec, safety 2, step 5 */
export function shortenedRuns(word: string): string[] {
  const twice: string[] = [];
  const once: string[] = [];
  for (let i = 0; i < word.length;) {
    let end = i + 1;
    while (end < word.length && word[end] === word[i]) end++;
    const run = end - i;
    twice.push(word[i]!.repeat(Math.min(run, 2)));
    once.push(word[i]!.repeat(run >= 3 ? 1 : run));
    i = end;
  }
  const single = Array.from(word)
    .filter((letter, i) => letter !== word[i - 1])
    .join('');
  return [...new Set([twice.join(''), once.join(''), single])];
}

const LETTER_READINGS = Uint16Array.from({ length: 128 }, (_, unit) =>
  leetReadings(String.fromCharCode(unit))[0]!.charCodeAt(0),
);

/** The first reading of a single unit. */
export function readLetter(unit: number): number {
  return unit < 128 ? LETTER_READINGS[unit]! : unit;
}
