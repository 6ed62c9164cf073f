import { enclosedLetter, SCRIPT_LETTERS, SHAPES } from './confusables.ts';

/** What happened to a unit on its way from the original. */
export const UNIT = { plain: 0, changed: 1, scriptLetter: 2 } as const;

const ENCODER = new TextEncoder();
const LOWER = Uint16Array.from({ length: 128 }, (_, c) => (c >= 65 && c <= 90 ? c + 32 : c));
/** NUL and control characters other than tab, line feed and carriage return are dropped. */
const isDroppedControl = (c: number): boolean => (c < 32 && c !== 9 && c !== 10 && c !== 13) || c === 127;

interface Folding {
  readonly units: readonly number[];
  readonly mark: number;
  readonly isEmoji: boolean;
}

const APOSTROPHE = 0x27;
const QUOTE = 0x22;
const COMMA = 0x2c;
const SPACE = 0x20;
const PUNCTUATION = new Map<number, number>([
  [0x2018, APOSTROPHE],
  [0x2019, APOSTROPHE],
  [0x201b, APOSTROPHE],
  [0x02bc, APOSTROPHE],
  [0x00b4, APOSTROPHE],
  [0x2032, APOSTROPHE],
  [0x201c, QUOTE],
  [0x201d, QUOTE],
  [0x201e, QUOTE],
  [0x00ab, QUOTE],
  [0x00bb, QUOTE],
  [0x2014, COMMA],
  [0x2013, SPACE],
  [0x2010, SPACE],
  [0x2011, SPACE],
  [0x2022, SPACE],
  [0x00b7, SPACE],
  [0x2028, 10],
  [0x2029, 10],
]);
const INVISIBLE = /^[\p{M}\p{Cf}\p{Cc}\p{Cs}\u115f\u1160\u3164\uffa0]$/u;
const MARKS = /\p{M}/gu;
const LETTER = /^[\p{L}\p{N}]$/u;
const EMOJI = /^\p{Extended_Pictographic}$/u;
/** Foldings of what is not ASCII, found once each; emptied when somebody sends all of Unicode. */
const MAX_REMEMBERED = 20_000;

/**
 * A text as it is matched: lower case, without accents and invisible characters, imitations of Latin letters
 * replaced, each unit with the place it came from. One object serves many texts, so that nothing is allocated.
 *
 * Source: spec, safety 2, steps 1, 2 and 6
 */
export class FoldedText {
  /** A space follows the last unit, and behind it is room for twice as many: whoever reads the words may write there. */
  units = new Uint16Array(1024);
  length = 0;
  /** Every unit came from exactly one original unit at the same place; `starts` and `ends` are not filled. */
  isAscii = true;
  starts = new Int32Array(0);
  ends = new Int32Array(0);
  /** One of {@link UNIT} per unit; not filled when `isAscii`. */
  marks = new Uint8Array(0);
  /** Letters of other scripts without a Latin look: their words are real. */
  foreignLetters = 0;
  /** Code points of the emoji, in order. */
  readonly emoji: number[] = [];
  #bytes = new Uint8Array(1024);
  readonly #foldings = new Map<number, Folding>();

  /** Fold `text` from `from` up to `to`; offsets are those of `text`. Linear; accepts any string. */
  fold(text: string, from = 0, to = text.length): void {
    this.#reserve(to - from);
    this.isAscii = true;
    this.foreignLetters = 0;
    if (this.emoji.length > 0) this.emoji.length = 0;
    if (!this.#foldAscii(from === 0 && to === text.length ? text : text.slice(from, to))) {
      this.#foldAnything(text, from, to);
    }
    if (this.units.length < roomFor(this.length))
      this.units = grown(this.units, new Uint16Array(roomFor(this.length)));
    this.units[this.length] = SPACE;
  }

  /** @returns false when there is more than ASCII in it */
  #foldAscii(text: string): boolean {
    const { units } = this;
    const { length } = text;
    const bytes = this.#bytes;
    // One call copies the text, whatever it was put together from. All else takes more bytes than units.
    const { read, written } = ENCODER.encodeInto(text, bytes);
    if (read !== length || written !== length) return false;
    for (let i = 0; i < length; i++) {
      const c = bytes[i]!;
      if (c < 9) return false;
      units[i] = LOWER[c]!;
    }
    this.length = length;
    return true;
  }

  #foldAnything(text: string, from: number, to: number): void {
    this.isAscii = false;
    // The longest expansion of NFKC is 18 units.
    if (this.starts.length < this.units.length) {
      this.starts = new Int32Array(this.units.length);
      this.ends = new Int32Array(this.units.length);
      this.marks = new Uint8Array(this.units.length);
    }
    this.length = 0;
    let dropped = false;
    for (let i = from; i < to;) {
      const c = text.charCodeAt(i);
      if (c < 128) {
        if (!isDroppedControl(c)) this.#push(LOWER[c]!, i, i + 1, dropped ? UNIT.changed : UNIT.plain);
        dropped = isDroppedControl(c);
        i++;
        continue;
      }
      const codePoint = text.codePointAt(i)!;
      const width = codePoint > 0xffff && i + 2 <= to ? 2 : 1;
      const { units, mark, isEmoji } = this.#folding(width === 2 ? codePoint : c);
      if (isEmoji) this.emoji.push(codePoint);
      for (const unit of units) this.#push(unit, i, i + width, dropped ? UNIT.changed : mark);
      dropped = units.length === 0;
      i += width;
    }
  }

  #push(unit: number, start: number, end: number, mark: number): void {
    if (this.length === this.units.length) this.#grow();
    const n = this.length++;
    this.units[n] = unit;
    this.starts[n] = start;
    this.ends[n] = end;
    this.marks[n] = mark;
    if (unit >= 128) this.foreignLetters++;
  }

  #folding(codePoint: number): Folding {
    let folding = this.#foldings.get(codePoint);
    if (folding === undefined) {
      if (this.#foldings.size >= MAX_REMEMBERED) this.#foldings.clear();
      folding = foldCodePoint(codePoint);
      this.#foldings.set(codePoint, folding);
    }
    return folding;
  }

  #reserve(length: number): void {
    if (this.units.length < roomFor(length)) this.units = new Uint16Array(roomFor(Math.ceil(length * 1.25)));
    if (this.#bytes.length < length) this.#bytes = new Uint8Array(Math.ceil(length * 1.25));
  }

  #grow(): void {
    const size = this.units.length * 2;
    this.units = grown(this.units, new Uint16Array(size));
    this.starts = grown(this.starts, new Int32Array(size));
    this.ends = grown(this.ends, new Int32Array(size));
    this.marks = grown(this.marks, new Uint8Array(size));
  }

  /** Where a unit began in the original. */
  originalStart(unit: number, from: number): number {
    return this.isAscii ? from + unit : this.starts[unit]!;
  }

  /** Where the unit before `unit` ended in the original. */
  originalEnd(unit: number, from: number): number {
    return this.isAscii ? from + unit : this.ends[unit - 1]!;
  }
}

function roomFor(length: number): number {
  return length * 3 + 1;
}

function grown<A extends Uint8Array | Uint16Array | Int32Array>(old: A, larger: A): A {
  larger.set(old);
  return larger;
}

function foldCodePoint(codePoint: number): Folding {
  const punctuation = PUNCTUATION.get(codePoint);
  if (punctuation !== undefined) return { units: [punctuation], mark: UNIT.plain, isEmoji: false };
  const original = String.fromCodePoint(codePoint);
  const enclosed = enclosedLetter(codePoint);
  if (enclosed !== undefined) return { units: [enclosed.charCodeAt(0)], mark: UNIT.changed, isEmoji: false };
  if (EMOJI.test(original)) return { units: [SPACE], mark: UNIT.plain, isEmoji: true };
  if (INVISIBLE.test(original)) return { units: [], mark: UNIT.plain, isEmoji: false };
  const compatible = original.normalize('NFKC');
  const bare = compatible.normalize('NFD').replace(MARKS, '').toLowerCase();
  let mark: number = compatible.toLowerCase() === original.toLowerCase() ? UNIT.plain : UNIT.changed;
  const units: number[] = [];
  for (const letter of bare) {
    const shape = SHAPES.get(letter);
    const script = SCRIPT_LETTERS.get(letter);
    if (shape !== undefined) mark = UNIT.changed;
    if (script !== undefined) mark = UNIT.scriptLetter;
    units.push(...foldedUnits(shape ?? script ?? letter));
  }
  return { units, mark, isEmoji: false };
}

function foldedUnits(letter: string): number[] {
  if (letter.charCodeAt(0) < 128 || LETTER.test(letter)) {
    return Array.from({ length: letter.length }, (_, i) => letter.charCodeAt(i));
  }
  return [SPACE];
}
