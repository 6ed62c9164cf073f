export interface TextDocument {
  readonly id: string;
  readonly title: string;
  readonly text: string;
}

/** A document with how well it fits: 0 not at all, 1 in every word. */
export interface FoundDocument extends TextDocument {
  readonly score: number;
}

export interface SearchOptions {
  /** At most so many. */
  readonly limit: number;
  readonly signal: AbortSignal;
}

/** A search over documents. */
export interface RetrieverPort {
  /** Best first; documents that share no word with the query are left out. */
  search(query: string, options: SearchOptions): Promise<readonly FoundDocument[]>;
}
