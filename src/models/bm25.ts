import type { FoundDocument, RetrieverPort, SearchOptions, TextDocument } from './retriever-port.ts';

/** How soon another occurrence of a word stops mattering, and how much long documents are discounted. */
const SATURATION = 1.2;
const LENGTH_SHARE = 0.75;
/** A word of the title counts as so many of the text. */
const TITLE_WEIGHT = 2;

interface IndexedDocument {
  readonly document: TextDocument;
  readonly counts: ReadonlyMap<string, number>;
  readonly length: number;
}

/**
 * BM25 over documents in memory.
 *
 * The score is divided by that of an average document which has each word of the query once, and capped at 1. So it
 * compares between queries: a word that no document has lowers all of them.
 */
export class Bm25Index implements RetrieverPort {
  readonly #documents: readonly IndexedDocument[];
  readonly #averageLength: number;
  readonly #frequencies = new Map<string, number>();

  constructor(documents: readonly TextDocument[]) {
    this.#documents = documents.map((document) => indexed(document));
    const total = this.#documents.reduce((sum, { length }) => sum + length, 0);
    this.#averageLength = total / Math.max(1, documents.length);
    for (const { counts } of this.#documents) {
      for (const term of counts.keys()) this.#frequencies.set(term, (this.#frequencies.get(term) ?? 0) + 1);
    }
  }

  async search(query: string, { limit, signal }: SearchOptions): Promise<readonly FoundDocument[]> {
    signal.throwIfAborted();
    const terms = [...new Set(termsOf(query))];
    const ideal = terms.reduce((sum, term) => sum + this.#rarity(term), 0);
    if (ideal === 0) return [];
    return this.#documents
      .map(({ document, counts, length }) => {
        const score = terms.reduce((sum, term) => sum + this.#weight(term, counts.get(term) ?? 0, length), 0);
        return { ...document, score: Math.round(Math.min(1, score / ideal) * 1000) / 1000 };
      })
      .filter(({ score }) => score > 0)
      .toSorted((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
      .slice(0, limit);
  }

  #weight(term: string, count: number, length: number): number {
    const stretch = 1 - LENGTH_SHARE + LENGTH_SHARE * (length / this.#averageLength);
    return this.#rarity(term) * ((count * (SATURATION + 1)) / (count + SATURATION * stretch));
  }

  /** Inverse document frequency, never negative; greatest for a word that no document has. */
  #rarity(term: string): number {
    const found = this.#frequencies.get(term) ?? 0;
    return Math.log(1 + (this.#documents.length - found + 0.5) / (found + 0.5));
  }
}

function indexed(document: TextDocument): IndexedDocument {
  const title = termsOf(document.title);
  const terms = [...Array.from({ length: TITLE_WEIGHT }, () => title).flat(), ...termsOf(document.text)];
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return { document, counts, length: terms.length };
}

/** The words of a text that carry meaning, without their endings, in their order. */
export function termsOf(text: string): string[] {
  const words =
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.filter((word) => !COMMON_WORDS.has(word)).map(stem);
}

const COMMON_WORDS: ReadonlySet<string> = new Set(
  (
    'a about after all also am an and any are as at be been but by can could did do does for from had has have he ' +
    'her here his how i if in into is it its just may me might more most much my no not of on one or our out over ' +
    'please she should so some than that the their them then there these they this to too up us very was we were ' +
    'what when where which while who why will with would you your s t'
  ).split(' '),
);

const ENDINGS = ['ing', 'ed', 'ly', 'es', 's', 'e'];
const SHORTEST_STEM = 3;

/** Rough, and the same for queries and documents: that is all it takes. */
function stem(word: string): string {
  const singular = word.endsWith('ies') ? `${word.slice(0, -3)}y` : word;
  const ending = ENDINGS.find((end) => singular.endsWith(end));
  const cut = ending === undefined ? singular : singular.slice(0, -ending.length);
  const shortened = cut.length >= SHORTEST_STEM ? cut : singular;
  // "calmed" and "planning": the doubled letter belongs to the ending.
  return /([b-df-hj-np-tv-z])\1$/.test(shortened) && shortened !== singular
    ? shortened.slice(0, -1)
    : shortened;
}
