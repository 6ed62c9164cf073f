import type { Direction } from '../../contracts/world-view.ts';
import { commandsFor } from './alternatives.ts';
import { CONFIDENCE } from './confidence.ts';
import { DIRECTION_BY_WORD } from './directions.ts';
import { phraseOf, withoutRemark } from './phrases.ts';
import { confidenceOf, isUnclear, readTarget, targetEntity, type Reading, type Sight } from './reading.ts';
import { entityOf } from './resolve-entities.ts';
import { wordsOf, type Token } from './tokens.ts';

const LEADING = new Set(
  'to the toward towards into through back further on ahead straight over along out in up down for from of inside at around away off a bit little walk stroll left right forward forwards straight way somewhere anywhere elsewhere then across onto past here there'.split(
    ' ',
  ),
);
const COMPASS = /^(north|south)?(east|west)?$/;
const BARE_DIRECTION: Readonly<Record<string, Direction>> = {
  climb: 'up',
  ascend: 'up',
  descend: 'down',
  enter: 'in',
  leave: 'out',
  exit: 'out',
  'get out': 'out',
  'get in': 'in',
  'get inside': 'in',
  'come in': 'in',
  'come inside': 'in',
  dip: 'out',
  'out of here': 'out',
  'leave here': 'out',
  'out of this place': 'out',
  'dip out': 'out',
  bounce: 'out',
  bail: 'out',
  scram: 'out',
  depart: 'out',
  'be off': 'out',
  'be out of here': 'out',
  'get out of here': 'out',
  'get away from here': 'out',
  'step out': 'out',
  'step outside': 'out',
  'step in': 'in',
  'step inside': 'in',
};
const BACK = /^(back|return|(go|head|turn|walk|run|come|get) back)$/;
const HERE = /^(room|place|area|building|house|this place|this room)$/;
const WHERE_I_CAME_FROM =
  /^(back|back there|(back )?(to )?(where|the way|the place|the room) (i|we|i've|i have) (came|come|was|were|started)( from| before)?|(to )?(the )?(last|previous) (place|room|location))$/;

/**
 * "go north", "head to the north", "go to the library", "go back", "enter", "leave".
 * A compass word wins, unless no exit leads that way and the rest names a place that one does lead to.
 */
export function readMove(verbPhrase: string, behind: readonly Token[], sight: Sight, text: string): Reading {
  if (BACK.test(verbPhrase) && /^(there)?$/.test(wordsOf(behind))) return goBack(sight, text, behind);
  if (WHERE_I_CAME_FROM.test(wordsOf(behind))) return goBack(sight, text, behind);
  const rest = withoutRemark(behind);
  const compass = rest.find((token) => isCompass(token) || !LEADING.has(token.word));
  const direction = compass === undefined ? undefined : DIRECTION_BY_WORD.get(compass.word);
  const onlyWay = rest.findLast((token) => DIRECTION_BY_WORD.has(token.word));
  const phrase = phraseOf(rest.slice(firstNameWord(rest)));
  const place =
    phrase === null ? undefined : readTarget(phrase, sight, [['place'], ['npc', 'object', 'item']]);
  const isHere = place?.match !== undefined && place.match.id === sight.view?.location.id;
  if (isHere && BARE_DIRECTION[verbPhrase] === 'out') {
    const way = onlyWay !== undefined && isCompass(onlyWay) ? DIRECTION_BY_WORD.get(onlyWay.word) : undefined;
    return way === undefined || onlyWay === undefined
      ? towards('out', text, rest)
      : towards(way, text, [onlyWay]);
  }
  if (compass !== undefined && direction !== undefined && isCompass(compass)) {
    const walkable = sight.view?.location.exits.some((exit) => exit.direction === direction) ?? true;
    if (walkable || place?.match === undefined) return towards(direction, text, [compass]);
  }
  if (place === undefined) {
    const way = onlyWay === undefined ? BARE_DIRECTION[verbPhrase] : DIRECTION_BY_WORD.get(onlyWay.word);
    return way === undefined
      ? whereTo(sight, text)
      : towards(way, text, onlyWay === undefined ? [] : [onlyWay]);
  }
  if (
    place.match === undefined &&
    place.ambiguous.length === 0 &&
    onlyWay !== undefined &&
    onlyWay.word !== 'in'
  ) {
    const way = DIRECTION_BY_WORD.get(onlyWay.word);
    if (way !== undefined) return towards(way, text, [onlyWay]);
  }
  const only =
    place.match === undefined && place.ambiguous.length === 0 ? BARE_DIRECTION[verbPhrase] : undefined;
  if (only === 'up' || only === 'down' || (only === 'out' && HERE.test(place.phrase.text))) {
    return towards(only, text, rest);
  }
  if (place.words === null) return whereTo(sight, text);
  return {
    action: {
      intent: 'move',
      confidence: confidenceOf(place),
      text,
      place: place.words,
      ...(place.match === undefined ? {} : { place_ref: place.match.id }),
      needs_clarification: isUnclear(place),
    },
    entities: targetEntity(place, 'place'),
    alternatives: commandsFor('move', place.ambiguous),
  };
}

/** A direction on its own, with or without a verb before it. */
export function towards(direction: Direction, text: string, span: readonly Token[]): Reading {
  const first = span[0];
  const last = span.at(-1);
  const entities =
    first === undefined || last === undefined
      ? []
      : [entityOf('direction', direction, { start: first.start, end: last.end })];
  return {
    action: {
      intent: 'move',
      confidence: CONFIDENCE.resolvedTarget,
      text,
      direction,
      needs_clarification: false,
    },
    entities,
    alternatives: [],
  };
}

function goBack(sight: Sight, text: string, span: readonly Token[]): Reading {
  const exits = sight.view?.location.exits ?? [];
  const exit = exits.find((candidate) => candidate.to_id === sight.view?.came_from);
  if (exit === undefined) return whereTo(sight, text);
  const first = span[0];
  return {
    action: {
      intent: 'move',
      confidence: CONFIDENCE.resolvedTarget,
      text,
      direction: exit.direction,
      place: exit.to_name,
      place_ref: exit.to_id,
      needs_clarification: false,
    },
    entities:
      first === undefined
        ? []
        : [
            entityOf(
              'place',
              exit.to_name,
              { start: first.start, end: span.at(-1)?.end ?? first.end },
              exit.to_id,
            ),
          ],
    alternatives: [],
  };
}

/** A move that does not say where: offer the ways there are. */
function whereTo(sight: Sight, text: string): Reading {
  const exits = sight.view?.location.exits ?? [];
  return {
    action: { intent: 'move', confidence: CONFIDENCE.missingTarget, text, needs_clarification: true },
    entities: [],
    alternatives: exits.slice(0, 3).map((exit) => ({
      intent: 'move' as const,
      confidence: CONFIDENCE.missingTarget,
      text: `go ${exit.direction}`,
      ...(exit.to_id === 'unexplored' ? {} : { ref: exit.to_id }),
    })),
  };
}

function isCompass(token: Token): boolean {
  const direction = DIRECTION_BY_WORD.get(token.word);
  return direction !== undefined && COMPASS.test(direction);
}

/** Where the name of a place begins, after directions and small words; the end when there is none. */
function firstNameWord(rest: readonly Token[]): number {
  const at = rest.findIndex((token) => !LEADING.has(token.word) && !DIRECTION_BY_WORD.has(token.word));
  return at === -1 || wordsOf(rest.slice(at)) === '' ? rest.length : at;
}
