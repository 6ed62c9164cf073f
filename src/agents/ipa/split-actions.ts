import { DIRECTION_BY_WORD } from './directions.ts';
import { readEmotion } from './emotion.ts';
import { afterFillers } from './fillers.ts';
import { verbsAt } from './lexicon.ts';
import type { Token } from './tokens.ts';

const JOINERS = new Set(['and', 'then', 'next', 'afterwards', 'also']);

/**
 * A line cut into its actions: "take the journal, then go north" is two. A comma, a full stop, "and" or "then"
 * cuts only where a new command begins, so "the elder and my fears" and "sad. So many choices" stay whole.
 */
export function splitActions(tokens: readonly Token[]): Token[][] {
  const clauses: Token[][] = [];
  let current: Token[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (token === undefined) break;
    const joinerLength = current.length === 0 ? 0 : joinersAt(tokens, at);
    const separated = joinerLength > 0 || (token.breakBefore !== 'none' && current.length > 0);
    const weak =
      token.breakBefore === 'none' && tokens.slice(at, at + joinerLength).every((t) => t.word === 'and');
    if (separated && beginsAction(tokens, at + joinerLength, current, weak)) {
      clauses.push(current);
      current = [];
      at += joinerLength - 1;
      continue;
    }
    current.push(token);
  }
  if (current.length > 0) clauses.push(current);
  return clauses;
}

function joinersAt(tokens: readonly Token[], at: number): number {
  let length = 0;
  while (JOINERS.has(tokens[at + length]?.word ?? '')) length++;
  return length;
}

function beginsAction(
  tokens: readonly Token[],
  at: number,
  current: readonly Token[],
  weak: boolean,
): boolean {
  const start = afterFillers(tokens, at);
  const token = tokens[start];
  if (token === undefined) return false;
  const bare = tokens[start + 1] === undefined || isBoundary(tokens, start + 1);
  if (DIRECTION_BY_WORD.has(token.word) && bare) return !weak || startsWithMove(current);
  if (token.word === 'help') return false;
  if (verbsAt(tokens, start).some((verb) => verb.onlyInSight === undefined)) return true;
  return !weak && readEmotion(tokens.slice(at, at + 8)) !== null && readEmotion(current) === null;
}

function isBoundary(tokens: readonly Token[], at: number): boolean {
  return tokens[at]?.breakBefore !== 'none' || JOINERS.has(tokens[at]?.word ?? '');
}

function startsWithMove(clause: readonly Token[]): boolean {
  const start = afterFillers(clause, 0);
  if (verbsAt(clause, start).some((verb) => verb.intent === 'move')) return true;
  return clause.length === 1 && DIRECTION_BY_WORD.has(clause[0]?.word ?? '');
}
