/**
 * Letters that imitate Latin ones and that NFKC leaves alone: a small part of the skeleton of UTS #39.
 * Each pair of strings is aligned letter by letter.
 */
const CYRILLIC = pairs('авеёкмнорстухѕіїјһԁԛԝӏьпгꙇѵияцш', 'abeekmhopctyxsiijhdqwlbnrivuruw');
const GREEK = pairs('αβεηικνορτυχγωσςμζλδ', 'abenikvoptuxywocmzld');
const SMALL_CAPITALS = pairs('ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ', 'abcdefghijklmnoprstuvwyz');
const VARIANTS = pairs('ıłøđħŧƙɩɑɡɛɔəɐɹɯʇʎ¡¢£€¥§†ɪȷ', 'ilodhtkiageoearmtyiclelstij');

/** Imitations that belong to a living script: a word wholly in that script is left alone. */
export const SCRIPT_LETTERS: ReadonlyMap<string, string> = new Map([...CYRILLIC, ...GREEK]);
/** Imitations that are no letters of any script. */
export const SHAPES: ReadonlyMap<string, string> = new Map([...SMALL_CAPITALS, ...VARIANTS]);

/** Letters in black circles and squares, and the halves of flags: three rows of 26 or 27 in order. */
export function enclosedLetter(codePoint: number): string | undefined {
  for (const first of [0x1f150, 0x1f170, 0x1f1e6]) {
    const index = codePoint - first;
    if (index >= 0 && index < 26) return String.fromCharCode(0x61 + index);
  }
  return undefined;
}

function pairs(imitations: string, letters: string): [string, string][] {
  const from = Array.from(imitations);
  if (from.length !== letters.length) throw new RangeError(`${imitations} and ${letters} do not pair up`);
  return from.map((imitation, i) => [imitation, letters[i]!]);
}
