import { wordsOf, type Token } from './tokens.ts';

export const DETERMINERS: ReadonlySet<string> = new Set(
  'a an the my your his her its our their this that these those some any all'.split(' '),
);

const ARTICLES = new Set(['a', 'an', 'the', 'my', 'his', 'her', 'some']);

export const PREPOSITIONS = [
  'to',
  'at',
  'with',
  'about',
  'on',
  'in',
  'from',
  'into',
  'onto',
  'toward',
  'towards',
  'for',
  'by',
  'through',
  'under',
  'near',
  'using',
  'behind',
  'of',
  'inside',
  'against',
  'out',
  'off',
  'over',
  'beside',
  'beneath',
  'between',
  'regarding',
] as const;
export type Preposition = (typeof PREPOSITIONS)[number];

/** Here a name ends and a remark begins: "the castle as fast as I can". */
const REMARKS = new Set(
  'as because so while until if when although though since before after again but instead than'.split(' '),
);

/** What follows "her" when it is a person: "tell her I am sorry", "give her the coin". */
const BEHIND_PERSON =
  /^(a|an|the|my|some|this|that|i|i'm|im|we|you|it|it's|how|why|what|if|whether|where|when|who|to|everything|something|nothing|anything|about|goodbye|thanks|directly|again)$/;

/** A run of words with its place in the text; articles and possessives in front are gone. */
export interface Phrase {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly tokens: readonly Token[];
}

export interface Complement {
  /** The words right after the verb; null when there are none. */
  readonly head: Phrase | null;
  /** Two runs when articles separate them: "give the elder the journal". */
  readonly headParts: readonly Phrase[];
  readonly byPreposition: ReadonlyMap<Preposition, Phrase>;
}

/** Cut what follows a verb at its prepositions. "of" stays inside names ("shelf of books"). */
export function parseComplement(tokens: readonly Token[]): Complement {
  const groups: { preposition: Preposition | null; tokens: Token[] }[] = [{ preposition: null, tokens: [] }];
  for (const token of tokens) {
    const preposition = token.isQuoted ? undefined : PREPOSITIONS.find((word) => word === token.word);
    const open = groups.at(-1)?.preposition;
    // After "about" everything is the topic, prepositions included: "about the way to the sea".
    if (preposition !== undefined && preposition !== 'of' && open !== 'about' && open !== 'regarding') {
      groups.push({ preposition, tokens: [] });
    } else {
      groups.at(-1)?.tokens.push(token);
    }
  }
  const moved = behindPreposition(groups);
  const byPreposition = new Map<Preposition, Phrase>();
  for (const group of groups) {
    const phrase = phraseOf(group.tokens);
    if (group.preposition !== null && phrase !== null && !byPreposition.has(group.preposition)) {
      byPreposition.set(group.preposition, phrase);
    }
  }
  const headTokens = moved ?? groups[0]?.tokens ?? [];
  return { head: phraseOf(headTokens), headParts: splitAtDeterminers(headTokens), byPreposition };
}

/** "give to the elder the coin", "open with the key the box": what is acted on stands behind the rest. */
function behindPreposition(
  groups: { readonly preposition: Preposition | null; tokens: Token[] }[],
): Token[] | null {
  const [head, only] = groups;
  if (groups.length !== 2 || head === undefined || only === undefined || head.tokens.length > 0) return null;
  if (only.preposition !== 'to' && only.preposition !== 'with' && only.preposition !== 'in') return null;
  const at = only.tokens.findIndex(({ word }, i) => i > 1 && ARTICLES.has(word));
  if (at === -1 || !DETERMINERS.has(only.tokens[0]?.word ?? '')) return null;
  const behind = only.tokens.slice(at);
  only.tokens = only.tokens.slice(0, at);
  return behind;
}

/** "her" before a noun is a possessive and goes; "her" alone is a person and stays. */
export function phraseOf(tokens: readonly Token[]): Phrase | null {
  let from = 0;
  while (
    from < tokens.length - 1 &&
    DETERMINERS.has(tokens[from]?.word ?? '') &&
    tokens[from + 1]?.word !== 'of' &&
    !(tokens[from]?.word === 'her' && BEHIND_PERSON.test(tokens[from + 1]?.word ?? ''))
  ) {
    from++;
  }
  const kept = tokens.slice(from);
  const first = kept[0];
  const last = kept.at(-1);
  if (first === undefined || last === undefined) return null;
  if (kept.length === 1 && /^(a|an|the|my|your|our|some|any)$/.test(first.word)) return null;
  return { text: wordsOf(kept), start: first.start, end: last.end, tokens: kept };
}

/** The words up to a remark: "the castle" of "the castle as fast as I can". */
export function withoutRemark(tokens: readonly Token[]): readonly Token[] {
  const end = tokens.findIndex((token, at) => at > 0 && REMARKS.has(token.word) && !token.isQuoted);
  return end === -1 ? tokens : tokens.slice(0, end);
}

function splitAtDeterminers(tokens: readonly Token[]): Phrase[] {
  const runs: Token[][] = [[]];
  for (const token of tokens) {
    if (DETERMINERS.has(token.word) && (runs.at(-1)?.length ?? 0) > 0) runs.push([]);
    runs.at(-1)?.push(token);
  }
  return runs.flatMap((run) => phraseOf(run) ?? []);
}
