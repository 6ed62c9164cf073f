import { assertNever } from '../../kernel/errors.ts';
import { CONFIDENCE } from './confidence.ts';
import { DIRECTION_BY_WORD } from './directions.ts';
import type { VerbForm } from './inflection.ts';
import { verbsAt, type FoundVerb } from './lexicon.ts';
import { DETERMINERS, parseComplement } from './phrases.ts';
import { readMove } from './read-move.ts';
import { readPerson } from './read-person.ts';
import { plain, readThing } from './read-thing.ts';
import type { Reading, Sight } from './reading.ts';
import { entityOf, resolvePhrase } from './resolve-entities.ts';
import { wordsOf, type Token } from './tokens.ts';

/** "take the path north" walks. */
const WAYS = new Set(
  'path road trail way stairs staircase steps ladder bridge tunnel door gate exit route passage street'.split(
    ' ',
  ),
);
/** These particles stand behind the target only at the very end: "put the bag on the table" puts nothing on. */
const PREPOSITIONS_TOO = new Set(['on', 'off', 'up', 'down', 'out', 'over']);
/** "what does the sign say": what a question about a thing ends with. */
const TELLING = new Set('say says mean means contain read do look like smell sound hold'.split(' '));
/** "Talk is cheap", "attack was the best defence": the word is no verb there. */
const COPULA = /^(is|isn't|are|aren't|was|wasn't|were|has|had|will|would|can|could|should|means|seems)$/;
/** An attack only with "at": "throw the stone at the wolf". */
const THROWN = /^(throw|hurl|swing|fire|aim|point)$/;
const ADDRESSED = /^(you|your( \S+)?)$/;
const TOWARDS = new Set(['to', 'the', 'toward', 'towards', 'over']);
const NEEDS_PAGE = /^(write|carve|note|rip|tear)$/;
const WRITING = /^(write|draw|sketch|scribble|doodle|paint|note|carve|rip|pour|insert|tear|stick)$/;
/** "I'd like to see that village" goes there. */
const SEEING = /^(see|check out|explore|view)$/;
/** On nothing that is here it is a mere rest. */
const RECLINING = /^(lie|rest|relax|chill|lounge)\b/;
const GO_UP_TO = /^(go|walk|run|head|step|move|come|approach|hurry|rush|stroll)( to| over| up)?$/;

/** The best reading of the verb at `start`; null when none of them makes sense of the words. */
export function readCommand(
  tokens: readonly Token[],
  start: number,
  form: VerbForm,
  sight: Sight,
  text: string,
): Reading | null {
  let best: Reading | null = null;
  const behind = tokens[start + 1];
  const isQuestion = /^(wh|how)/.test(tokens[start]?.word ?? '');
  if (!isQuestion && behind?.breakBefore === 'none' && COPULA.test(behind.word)) return null;
  const withParticle = new Set<string>();
  for (const verb of verbsAt(tokens, start, form).toSorted((a, b) => rankOf(a) - rankOf(b))) {
    // "take it back": the particle belongs to the verb, not to the thing.
    if (verb.particle === undefined && withParticle.has(verb.intent)) continue;
    const reading = readVerb(verb, tokens.slice(start + verb.length), sight, text);
    if (reading !== null && verb.particle !== undefined) withParticle.add(verb.intent);
    if (reading !== null && (best === null || reading.action.confidence > best.action.confidence)) {
      best = reading;
    }
  }
  return best;
}

/** A particle decides; readings with a thing come first, so that "leave the journal" is no walk towards it. */
function rankOf(verb: FoundVerb): number {
  return verb.particle !== undefined || (verb.intent === 'attack' && THROWN.test(verb.phrase))
    ? 0
    : verb.target === 'thing'
      ? 1
      : 2;
}

function readVerb(verb: FoundVerb, rest: readonly Token[], sight: Sight, text: string): Reading | null {
  switch (verb.target) {
    case 'none':
      return readWithoutTarget(verb, rest, sight, text);
    case 'direction':
      return readWay(verb, rest, sight, text);
    case 'person':
      return readSocial(verb, rest, sight, text);
    case 'thing':
      return readNamed(verb, rest, sight, text);
    default:
      return assertNever(verb.target, 'verb target');
  }
}

/** "help" is for people who are here; alone it asks for the manual. */
function readSocial(verb: FoundVerb, rest: readonly Token[], sight: Sight, text: string): Reading | null {
  // "I forgive myself" is said to nobody else.
  if (/^(myself|ourselves)$/.test(wordsOf(rest)) && !/^(talk|speak)\b/.test(verb.phrase)) return null;
  const reading = readPerson(verb.intent, verb.phrase, rest, sight, text);
  return verb.phrase === 'help' && (rest.length === 0 || reading?.action.npc_ref === undefined)
    ? null
    : reading;
}

/** Going up to a person is talking to them, going up to a thing is examining it. */
function readWay(verb: FoundVerb, rest: readonly Token[], sight: Sight, text: string): Reading | null {
  const move = readMove(verb.phrase, rest, sight, text);
  if (verb.onlyInSight === true && move.action.place_ref === undefined) return null;
  const kind = sight.candidates.find(({ id }) => id === move.action.place_ref)?.type;
  if (verb.phrase === 'hit' && kind !== 'place') return null;
  if (!GO_UP_TO.test(verb.phrase) || move.action.place_ref === undefined) return move;
  const goal = sight.candidates.find(({ id }) => id === move.action.place_ref);
  if (goal === undefined || goal.type === 'place') return move;
  const { place: words, place_ref: ref, ...action } = move.action;
  const named =
    goal.type === 'npc'
      ? { intent: 'talk_to' as const, npc: words, npc_ref: ref }
      : { intent: 'examine' as const, object: words, object_ref: ref };
  return { ...move, action: { ...action, ...named } };
}

function readNamed(verb: FoundVerb, rest: readonly Token[], sight: Sight, text: string): Reading | null {
  if (verb.phrase === 'take' && isWay(rest)) return readMove('follow', rest, sight, text);
  // "move the rock" needs its article; "move north" goes.
  if (verb.phrase === 'move' && !DETERMINERS.has(rest[0]?.word ?? '')) return null;
  if (
    THROWN.test(verb.phrase) &&
    verb.intent === 'attack' &&
    !rest.some(({ word }, at) => at > 0 && word === 'at')
  )
    return null;
  const tool = verb.phrase === 'use' ? readTool(rest, sight, text) : null;
  if (tool !== null) return tool;
  if (verb.phrase === 'leave' && isLaidDown(rest)) return readThing('drop', rest, sight, text);
  const onto = WRITING.test(verb.phrase) ? writtenOn(rest, sight) : null;
  if (onto !== null) return readThing('use', onto, sight, text);
  if (onto === null && NEEDS_PAGE.test(verb.phrase)) return null;
  const named = verb.particle === undefined ? rest : withoutParticle(rest, verb.particle);
  if (named === null) return null;
  if (/^what (does|do|did)$/.test(verb.phrase)) return readQuestion(named, sight, text);
  if (verb.intent === 'drop' && isForPerson(named, sight))
    return verb.phrase === 'leave' ? readThing('give', named, sight, text) : null;
  // "who are you" is asked of somebody, not looked up.
  if (verb.onlyInSight === true && ADDRESSED.test(wordsOf(named))) return null;
  const reading = readThing(verb.intent, named, sight, text);
  if (
    SEEING.test(verb.phrase) &&
    reading.action.place_ref !== undefined &&
    reading.action.place_ref !== sight.view?.location.id
  )
    return readMove('visit', named, sight, text);
  if (
    RECLINING.test(verb.phrase) &&
    verb.intent === 'use' &&
    reading.action.confidence < CONFIDENCE.resolvedTarget
  )
    return null;
  if (verb.phrase === 'listen to' && reading.action.npc_ref !== undefined) return null;
  const isInSight = reading.action.confidence >= CONFIDENCE.resolvedTarget;
  const mustResolve =
    verb.onlyInSight === true || ((verb.phrase === 'leave' || verb.phrase === 'return') && !isInSight);
  return mustResolve && !isInSight ? null : reading;
}

/** "use the key to open the door" opens the door with the key. */
function readTool(rest: readonly Token[], sight: Sight, text: string): Reading | null {
  const to = rest.findIndex(({ word, isQuoted }, at) => at > 0 && word === 'to' && !isQuoted);
  if (to === -1 || verbsAt(rest, to + 1).every(({ intent }) => !/^(open|close|attack)$/.test(intent)))
    return null;
  const done = readCommand(rest, to + 1, 'base', sight, text);
  const tool = readThing('use', rest.slice(0, to), sight, text);
  const { object: instrument, object_ref: ref } = tool.action;
  if (done === null || instrument === undefined) return null;
  const named = ref === undefined ? { instrument } : { instrument, instrument_ref: ref };
  return { ...done, action: { ...done.action, ...named }, entities: [...done.entities, ...tool.entities] };
}

/** "leave the book on the table": a thing, and where it stays. */
function isLaidDown(rest: readonly Token[]): boolean {
  const { head, byPreposition } = parseComplement(rest);
  return (
    head !== null &&
    DETERMINERS.has(rest[0]?.word ?? '') &&
    [...byPreposition.keys()].some((word) => /^(on|under|beside|near|with|inside)$/.test(word))
  );
}

/** "write my name in the book": what is written on is used. */
function writtenOn(rest: readonly Token[], sight: Sight): readonly Token[] | null {
  const { byPreposition } = parseComplement(rest);
  const page = byPreposition.get('in') ?? byPreposition.get('into') ?? byPreposition.get('on');
  const isHere =
    page !== undefined && resolvePhrase(page.text, sight.candidates, ['object', 'item']).match !== undefined;
  return isHere ? page.tokens : null;
}

/** "return the book to the librarian" gives it. */
function isForPerson(rest: readonly Token[], sight: Sight): boolean {
  const { byPreposition } = parseComplement(rest);
  const receiver = byPreposition.get('to') ?? byPreposition.get('for');
  return (
    receiver !== undefined && resolvePhrase(receiver.text, sight.candidates, ['npc']).match !== undefined
  );
}

function isWay(rest: readonly Token[]): boolean {
  return WAYS.has(rest.find(({ word }) => !DETERMINERS.has(word))?.word ?? '');
}

/** The target of "turn the lamp on"; null when the particle is missing or is a preposition here. */
function withoutParticle(rest: readonly Token[], particle: readonly string[]): readonly Token[] | null {
  const at = rest.findIndex((_, i) => i > 0 && particle.every((word, k) => rest[i + k]?.word === word));
  if (at === -1) return null;
  const behind = rest.slice(at + particle.length);
  if (PREPOSITIONS_TOO.has(particle[0] ?? '') && behind.some(({ word }) => !/ly$|^(for|and)$/.test(word)))
    return null;
  return [...rest.slice(0, at), ...behind];
}

function readQuestion(rest: readonly Token[], sight: Sight, text: string): Reading | null {
  const end = rest.findLastIndex(({ word }) => !TELLING.has(word)) + 1;
  return end === 0 || end === rest.length || /^(i|you|we|he|she|they|it)$/.test(rest[0]?.word ?? '')
    ? null
    : readThing('examine', rest.slice(0, end), sight, text);
}

/** "look north" looks; "describe the fountain" is left to the reading that examines it. */
function readWithoutTarget(
  verb: FoundVerb,
  rest: readonly Token[],
  sight: Sight,
  text: string,
): Reading | null {
  const named = rest.filter(({ word }) => !TOWARDS.has(word));
  const way = named.length === 1 ? DIRECTION_BY_WORD.get(named[0]?.word ?? '') : undefined;
  if (rest.length > 0 && verb.phrase === 'explore') return null;
  if (rest.length > 0 && verb.intent === 'look' && way === undefined) {
    const { head } = parseComplement(rest);
    const seen =
      head === null ? undefined : resolvePhrase(head.text, sight.candidates, ['object', 'item', 'npc']).match;
    if (seen !== undefined) return readThing('examine', rest, sight, text);
  }
  const span = named[0];
  const reading = verb.intent === 'look' ? lookFor(verb.phrase, rest, sight, text) : plain(verb.intent, text);
  if (way === undefined || span === undefined || verb.intent !== 'look') return reading;
  return {
    ...reading,
    action: { ...reading.action, direction: way },
    entities: [entityOf('direction', way, span)],
  };
}

/** "who is here" looks for people, "where can I go" for ways, "where is the library" for one thing. */
function lookFor(phrase: string, rest: readonly Token[], sight: Sight, text: string): Reading {
  const reading = plain('look', text);
  const topic = /\b(who|who's|anyone|anybody|someone)\b/.test(phrase)
    ? 'people'
    : /\b(exits?|ways?|can (i|we) go)\b/.test(phrase)
      ? 'ways'
      : undefined;
  const place =
    phrase.startsWith('where') && rest.length > 0
      ? resolvePhrase(wordsOf(rest), sight.candidates, ['place']).match
      : undefined;
  return {
    ...reading,
    action: {
      ...reading.action,
      ...(topic === undefined ? {} : { topic }),
      ...(place === undefined ? {} : { place: place.name, place_ref: place.id }),
    },
  };
}
