import { DIRECTION_BY_WORD } from './directions.ts';
import { readEmotion } from './emotion.ts';
import { isCommandAt, startOf } from './frames.ts';
import { verbsAt } from './lexicon.ts';
import type { Token } from './tokens.ts';

const JOINERS = new Set(['and', 'then', 'next', 'afterwards', 'also', 'but', 'so']);
const WEAK_JOINERS = new Set(['and', 'but', 'so']);
/** These open a clause and belong to it: "after talking to her". */
const ORDERING = new Set(['before', 'after']);
/** How many words after a break are looked at for a feeling. */
const FEELING_REACH = 12;

/**
 * A line cut into its actions: "take the journal, then go north" is two. A comma, a full stop, "and", "but" or "then"
 * cuts only where a new command or feeling begins, so "the elder and my fears" and "sad. So many choices" stay whole.
 */
export function splitActions(tokens: readonly Token[]): Token[][] {
  if (tokens.length > 1 && tokens.every(({ word }) => DIRECTION_BY_WORD.has(word)))
    return tokens.map((token) => [token]);
  const clauses: Token[][] = [];
  let current: Token[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (token === undefined) break;
    const joinerLength = current.length === 0 ? 0 : joinersAt(tokens, at);
    const isBroken = token.breakBefore !== 'none';
    const isOrdered = ORDERING.has(token.word) && tokens[at + 1]?.word !== 'that';
    if (
      current.length > 0 &&
      !goesTo(current, token, tokens[at + 1]?.word) &&
      (joinerLength > 0 || isBroken || isOrdered)
    ) {
      const isWeak = !isBroken && tokens.slice(at, at + joinerLength).every((t) => WEAK_JOINERS.has(t.word));
      if (beginsAction(tokens, at + joinerLength, current, isWeak)) {
        clauses.push(current);
        current = [];
        at += Math.max(0, joinerLength - 1);
        if (joinerLength === 0) current.push(token);
        continue;
      }
    }
    current.push(token);
  }
  if (current.length > 0) clauses.push(current);
  return inOrderOfTime(clauses);
}

/** "before I go, I take the rope" and "I go after taking the rope" both take the rope first. */
function inOrderOfTime(clauses: readonly Token[][]): Token[][] {
  const ordered = [...clauses];
  for (let at = 0; at < ordered.length; at++) {
    const first = ordered[at]?.[0]?.word;
    const swaps =
      (first === 'before' && at === 0 && ordered.length > 1) ||
      (first === 'after' && ordered[at]?.[1]?.word !== 'that' && at > 0);
    if (!swaps) continue;
    const earlier = first === 'before' ? at : at - 1;
    ordered.splice(earlier, 2, ...ordered.slice(earlier, earlier + 2).toReversed());
    at++;
  }
  return ordered;
}

/** "go and see": the going is no action of its own. */
function goesTo(current: readonly Token[], joiner: Token, next = ''): boolean {
  const last = current.at(-1)?.word ?? '';
  return (
    joiner.word === 'and' &&
    joiner.breakBefore === 'none' &&
    (/^(go|come|try)$/.test(last) || (next === 'see' && /^(wait|back|by|stay)$/.test(last)))
  );
}

function joinersAt(tokens: readonly Token[], at: number): number {
  let length = 0;
  while (JOINERS.has(tokens[at + length]?.word ?? '') && tokens[at + length]?.isQuoted === false) length++;
  return length;
}

function beginsAction(
  tokens: readonly Token[],
  at: number,
  current: readonly Token[],
  isWeak: boolean,
): boolean {
  // `"Where is it?" I ask` is one thing said.
  if (tokens[at] === undefined || tokens[at].isQuoted || current.every((token) => token.isQuoted))
    return false;
  const next = tokens.slice(at, at + FEELING_REACH);
  const start = startOf(next, 0);
  const token = next[start.at];
  if (token === undefined) return false;
  const isFeelingNow = readEmotion(current) !== null;
  // A word of doubt is no command: only what follows a command or a feeling continues it with a mere "and".
  if (isWeak && !isFeelingNow && !isCommandAt(current, startOf(current, 0))) return false;
  if (start.form === 'base' && DIRECTION_BY_WORD.has(token.word)) {
    const isBare = next[start.at + 1] === undefined || isBoundary(next, start.at + 1);
    if (isBare) return !isWeak || startsWithMove(current);
  }
  // "and then up to the attic"
  if (
    startsWithMove(current) &&
    DIRECTION_BY_WORD.has(token.word) &&
    /^(to|into|through)$/.test(next[start.at + 1]?.word ?? '')
  )
    return true;
  if (token.word === 'help') return false;
  const feeling = readEmotion(untilBoundary(next));
  if (feeling?.isGrave === true) return true;
  const verbs = verbsAt(next, start.at, start.form);
  // "go north and then to the library"
  if (verbs.some((verb) => verb.onlyInSight === true && verb.intent === 'move') && startsWithMove(current))
    return true;
  if (verbs.some((verb) => verb.onlyInSight === undefined))
    return feeling?.emotion === undefined || !isFeelingNow;
  if (verbs.length > 0 && tokens[at]?.breakBefore === 'stop') return true;
  return feeling?.emotion !== undefined && !isFeelingNow;
}

function untilBoundary(tokens: readonly Token[]): readonly Token[] {
  const end = tokens.findIndex((token, at) => at > 0 && token.breakBefore === 'stop');
  return end === -1 ? tokens : tokens.slice(0, end);
}

function isBoundary(tokens: readonly Token[], at: number): boolean {
  return tokens[at]?.breakBefore !== 'none' || JOINERS.has(tokens[at]?.word ?? '');
}

function startsWithMove(clause: readonly Token[]): boolean {
  const start = startOf(clause, 0);
  if (verbsAt(clause, start.at, start.form).some((verb) => verb.intent === 'move')) return true;
  return clause.length === 1 && DIRECTION_BY_WORD.has(clause[0]?.word ?? '');
}
