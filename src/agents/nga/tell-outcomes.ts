import { assertNever } from '../../kernel/errors.ts';
import type { AppliedOperation, RejectedOperation } from '../../contracts/world.ts';
import type { WorldView } from '../../contracts/world-view.ts';
import type { Pronoun } from '../../sessions/world/pronouns.ts';
import { isBackdrop, isEverything, personFillings, thingFillings, waysClause } from './fillings.ts';
import { OUTCOMES } from './grammar/outcomes.ts';
import { HANDED_BACK } from './grammar/replies.ts';
import { ALREADY_AT, NO_EXIT_ON_THE_WAY, NOTHING_OF_IT, REFUSALS } from './grammar/refusals.ts';
import type { Picker } from './select.ts';
import { capitalized, echoed, withA, withThe } from './words.ts';

/** Something that must be told: in full, or briefly when the story is short of room. */
export interface Line {
  readonly full: string;
  readonly brief: string;
}

export interface Telling {
  /** The player walked on from there in the same turn. */
  readonly isOnTheWay?: boolean;
  /** Stands for the person, who has just been named. */
  readonly pronoun?: Pronoun | undefined;
}

/**
 * One applied change, as the player sees it happen.
 */
export function tellApplied(
  done: AppliedOperation,
  views: readonly WorldView[],
  picker: Picker,
  { isOnTheWay = false, pronoun }: Telling = {},
): Line {
  const thing = done.object_name ?? 'thing';
  const things = thingFillings(thing);
  const person = withThe(done.npc_name ?? 'someone');
  const place = done.to_name === undefined ? 'the unknown' : withThe(done.to_name);
  switch (done.op) {
    case 'move_player': {
      const slot = isOnTheWay ? 'pass' : arrivalSlot(done, views);
      return line(picker.pick(`outcome.${slot}`, OUTCOMES[slot], { place }), `You reach ${place}.`);
    }
    case 'take':
      if (done.npc_name !== undefined) {
        return line(
          picker.pick('outcome.handed_back', HANDED_BACK, { ...things, person }),
          `${capitalized(person)} gives ${things.thing} back.`,
        );
      }
      return line(picker.pick('outcome.take', OUTCOMES.take, things), `You take ${things.thing}.`);
    case 'drop':
      return line(picker.pick('outcome.drop', OUTCOMES.drop, things), `You put down ${things.thing}.`);
    case 'use':
      return line(tellUse(done, views, picker), `You use ${things.thing}.`);
    case 'open':
    case 'close':
      return line(
        picker.pick(`outcome.${done.op}`, OUTCOMES[done.op], things),
        `You ${done.op} ${things.thing}.`,
      );
    case 'give':
      return line(
        picker.pick('outcome.give', OUTCOMES.give, { ...things, person }),
        `${capitalized(person)} accepts ${things.thing}.`,
      );
    case 'adjust_disposition': {
      const slot = meetingSlot(done);
      const brief = { cool: 'draws back', meet: 'greets you', warm: 'listens', mend: 'listens' }[slot];
      return line(
        picker.pick(`outcome.${slot}`, OUTCOMES[slot], personFillings(done.npc_name ?? 'someone', pronoun)),
        `${capitalized(person)} ${brief}.`,
      );
    }
    case 'set_mood': {
      const mood = done.mood ?? 'different';
      const whose = done.npc_name === undefined ? 'The mood here' : `The mood of ${person}`;
      if (done.npc_name !== undefined) return line(`${whose} changes: ${mood}.`, `${whose}: ${mood}.`);
      return line(picker.pick('outcome.mood', OUTCOMES.mood, { mood }), `The mood: ${mood}.`);
    }
    case 'set_flag':
      return line(picker.pick('outcome.flag', OUTCOMES.flag), 'Something is settled.');
    case 'add_fact': {
      const fact = sentence(done.text ?? 'something new.');
      return line(picker.pick('outcome.fact', OUTCOMES.fact, { fact }), 'Something new is known.');
    }
    case 'add_location':
      return line(picker.pick('outcome.place', OUTCOMES.place, { place }), `New: ${place}.`);
    case 'link': {
      const direction = done.direction ?? 'onward';
      return line(picker.pick('outcome.path', OUTCOMES.path, { direction }), `A new way leads ${direction}.`);
    }
    case 'add_object':
      return line(
        picker.pick('outcome.object', OUTCOMES.object, { ...things, thing: withA(thing) }),
        `New: ${withA(thing)}.`,
      );
    case 'add_npc': {
      const newcomer = withA(done.npc_name ?? 'stranger');
      return line(
        picker.pick('outcome.person_new', OUTCOMES.person_new, { person: newcomer }),
        `New: ${newcomer}.`,
      );
    }
    default:
      return assertNever(done.op, 'applied operation');
  }
}

/** How the player comes to a place: as its discoverer, newly, on the way back, or once more. */
function arrivalSlot(done: AppliedOperation, views: readonly WorldView[]): ArrivalSlot {
  if (done.discovered === true) return 'discover';
  if (done.first_visit === true) return 'arrive_first';
  const before = views.at(-1);
  return before !== undefined && before.came_from === done.to_id ? 'arrive_back' : 'arrive_again';
}

function meetingSlot({ delta = 0, disposition = 0, first_meeting }: AppliedOperation) {
  if (delta < 0) return 'cool';
  // What was between the two before these words.
  if (disposition < delta) return 'mend';
  return first_meeting === true ? 'meet' : 'warm';
}

type ArrivalSlot = 'discover' | 'arrive_first' | 'arrive_back' | 'arrive_again';

/**
 * One refused operation, explained from inside the world.
 *
 * @param hasMovedOn  the player left that place later in the same turn: its ways are no longer in view
 */
export function tellRejected(
  refused: RejectedOperation,
  view: WorldView | null,
  picker: Picker,
  hasMovedOn: boolean,
): Line {
  const name = echoed(refused.target, 'that');
  const things = thingFillings(name);
  if (refused.code !== 'no_exit' && isEverything(refused.target)) {
    return line(picker.pick('refusal.nothing', NOTHING_OF_IT), 'There is nothing of the kind.');
  }
  if (refused.code === 'no_exit') {
    if (hasMovedOn) {
      return line(picker.pick('refusal.no_exit_on_the_way', NO_EXIT_ON_THE_WAY), 'One way proves closed.');
    }
    if (view !== null && refused.direction === undefined && isRightHere(name, view)) {
      return line(
        picker.pick('refusal.already_at', ALREADY_AT, things),
        `${capitalized(withThe(name))} is right here.`,
      );
    }
    const ways = waysClause(view);
    return line(picker.pick('refusal.no_exit', REFUSALS.no_exit, { ways }), `No way leads there; ${ways}.`);
  }
  const code = reasonOf(refused, view);
  const brief = `${capitalized(withThe(name))}: ${BRIEF[code] ?? 'not possible'}.`;
  return line(picker.pick(`refusal.${code}`, REFUSALS[code], things), brief);
}

/** What the place speaks of cannot be called unknown; it is only no thing to be had or handled. */
function reasonOf(
  { code, op, target }: RejectedOperation,
  view: WorldView | null,
): RejectedOperation['code'] {
  if (code !== 'unknown_entity' || view === null || !isBackdrop(target, [view])) return code;
  if (op === 'take') return 'not_portable';
  return op === 'drop' || op === 'give' ? 'not_carried' : 'not_suitable';
}

const BRIEF: Readonly<Partial<Record<RejectedOperation['code'], string>>> = {
  not_here: 'not here',
  not_portable: 'not to be carried',
  not_carried: 'not with you',
  already_carried: 'with you already',
  closed: 'still closed',
  unknown_entity: 'nowhere to be found',
  not_suitable: 'not made for that',
  already_open: 'already open',
  already_closed: 'already closed',
  already_exists: 'already there',
  content_blocked: 'not to be',
};

function tellUse(done: AppliedOperation, views: readonly WorldView[], picker: Picker): string {
  const all = views.flatMap((view) => [...view.objects, ...view.inventory]);
  const special = all.find((object) => object.id === done.object_id)?.use_text;
  if (special === undefined || special === '') {
    return picker.pick('outcome.use_plain', OUTCOMES.use_plain, thingFillings(done.object_name ?? 'it'));
  }
  return `${special} ${picker.pick('outcome.use', OUTCOMES.use)}`;
}

function isRightHere(name: string, view: WorldView): boolean {
  return [view.location, ...view.npcs, ...view.objects, ...view.inventory].some(
    (thing) => thing.name === name,
  );
}

function line(full: string, brief: string): Line {
  return { full, brief };
}

function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
