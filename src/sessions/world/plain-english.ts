/** Words that hardly a sentence does without, and that are words of no neighbouring language. */
const COMMON = new Set(
  (
    'the and your you it its that this these there here from but not to with into through where what which who while ' +
    'would could should can has have are were been they their them his her she by as at of is for than then through ' +
    'something nothing nobody everything without behind before under over between around out up down yet still just ' +
    'one each if when how every after before another like some other again only more what about very much'
  ).split(' '),
);
/** A shorter text may be English without any of them. */
const FEWEST_WORDS = 8;
/** One word in so many, rounded down; English prose has about five times as many. */
const ONE_IN = 7;

/** Whether a text reads as English; one too short to say does, unless its letters are foreign. */
export function isPlainEnglish(text: string): boolean {
  const letters = text.match(/\p{L}/gu) ?? [];
  const foreign = letters.filter((letter) => !/\p{Script=Latin}/u.test(letter)).length;
  if (foreign * 2 > letters.length) return false;
  const words = text.toLowerCase().match(/\p{L}+/gu) ?? [];
  const common = words.filter((word) => COMMON.has(word)).length;
  return words.length < FEWEST_WORDS || common >= Math.floor(words.length / ONE_IN);
}
