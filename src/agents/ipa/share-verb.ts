import { startOf } from './frames.ts';
import { verbsAt } from './lexicon.ts';
import { DETERMINERS, PREPOSITIONS } from './phrases.ts';
import type { Sight } from './reading.ts';
import { resolvePhrase } from './resolve-entities.ts';
import { tokenize, wordsOf, type Token } from './tokens.ts';

const IS_PREPOSITION: ReadonlySet<string> = new Set(PREPOSITIONS);
const EVERYTHING =
  /^(all|everything|it all|all of it|everything i (can|see|have)|all of them|all the things)$/;
const EVERYBODY = /^(everyone|everybody|all of them|them all|both|both of them)( here)?$/;

/**
 * One verb for several things or people: "take the pebble and the feather", "drop everything". Each becomes a clause of
 * its own, but only when every part names something in sight or is a name with an article; otherwise the clause stays
 * as it is.
 */
export function shareVerb(clause: readonly Token[], sight: Sight): Token[][] {
  const { at: start, form } = startOf(clause, 0);
  const verb = verbsAt(clause, start, form).find(
    ({ target, intent, particle }) =>
      (target === 'thing' || target === 'person') && intent !== 'give' && particle === undefined,
  );
  if (verb === undefined) return [[...clause]];
  const verbTokens = clause.slice(0, start + verb.length);
  const rest = clause.slice(start + verb.length);
  if (EVERYTHING.test(wordsOf(rest)) && (verb.intent === 'take' || verb.intent === 'drop')) {
    const names =
      (verb.intent === 'take' ? sight.view?.objects.filter((o) => o.portable) : sight.view?.inventory) ?? [];
    if (names.length === 0) return [[...clause]];
    return names.map((thing) => [...verbTokens, ...placedAt(thing.name, rest)]);
  }
  if (EVERYBODY.test(wordsOf(rest)) && verb.intent === 'talk_to' && (sight.view?.npcs.length ?? 0) > 0) {
    return (sight.view?.npcs ?? []).map(({ name }) => [...verbTokens, ...placedAt(name, rest)]);
  }
  const several = bothOf(rest, sight);
  if (several !== null) return several.map((name) => [...verbTokens, ...placedAt(name, rest)]);
  const parts = splitAtAnd(rest).map((part) => withoutRepeated(part, verbTokens.at(-1)?.word));
  // "the elder about my day and my dog" is one topic.
  const isOneTopic = parts.slice(0, -1).some((part) => part.some(({ word }) => IS_PREPOSITION.has(word)));
  const types = verb.target === 'person' ? (['npc'] as const) : (['object', 'item', 'npc'] as const);
  const areNames = parts.every(
    (part) =>
      resolvePhrase(wordsOf(part), sight.candidates, types).match !== undefined ||
      (part.length <= 3 && DETERMINERS.has(part[0]?.word ?? '') && part.length > 1),
  );
  if (parts.length < 2 || !areNames || (verb.target === 'person' && isOneTopic)) return [[...clause]];
  return parts.map((part) => [...verbTokens, ...part]);
}

/** "both stones", "all the books": the names of those that the words fit equally well. */
function bothOf(rest: readonly Token[], sight: Sight): string[] | null {
  if (!/^(both|all)$/.test(rest[0]?.word ?? '')) return null;
  const { ambiguous } = resolvePhrase(wordsOf(rest.slice(rest[1]?.word === 'of' ? 2 : 1)), sight.candidates, [
    'object',
    'item',
    'npc',
  ]);
  return ambiguous.length > 1 ? ambiguous.map(({ name }) => name) : null;
}

/** "talk to the merchant, then to the elder": the second "to" belongs to the verb. */
function withoutRepeated(part: readonly Token[], last: string | undefined): Token[] {
  return part[0]?.word === last && part.length > 1 ? part.slice(1) : [...part];
}

/** The words of a name, standing where "everything" stood. */
function placedAt(name: string, rest: readonly Token[]): Token[] {
  const span = { start: rest[0]?.start ?? 0, end: rest.at(-1)?.end ?? 0 };
  return tokenize(name).map((token) => ({ ...token, ...span }));
}

function splitAtAnd(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [[]];
  for (const token of tokens) {
    if (token.word === 'and' || token.word === 'then') {
      parts.push([]);
      continue;
    }
    if (token.breakBefore === 'comma') parts.push([]);
    parts.at(-1)?.push(token);
  }
  return parts.filter((part) => part.length > 0);
}
