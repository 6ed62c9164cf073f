import type { IntentAction, IpaOutput } from '../../contracts/intent.ts';
import type { NgaInput } from '../../contracts/narrative.ts';
import type { AppliedOperation, RejectedOperation, WbaOutput } from '../../contracts/world.ts';
import type { WorldView } from '../../contracts/world-view.ts';
import type { Avoidance } from './avoidance.ts';
import { sentencesOf } from './sentences.ts';

/** What stands for a name that is not to be said. */
const SOMETHING = 'something';
const SOMEBODY = 'somebody';
const HERE = 'this part of the world';
const ELSEWHERE = 'another place';
const SOME_MOOD = 'quiet';

/**
 * The same turn with everything left out that the player is to be spared: what changed becomes "something",
 * things and people are not seen, descriptions lose the sentences, the player's own words are not echoed. Ids stay, so all else still fits together.
 */
export function veiled(input: NgaInput, avoidance: Avoidance): NgaInput {
  if (avoidance.isEmpty) return input;
  return {
    ...input,
    intent: input.intent === null ? null : veiledIntent(input.intent, avoidance),
    world: input.world === null ? null : veiledWorld(input.world, avoidance),
    view: input.view === null ? null : veiledView(input.view, avoidance),
    emotional_state: kept(input.emotional_state ?? undefined, avoidance) ?? null,
    summary: keptSentences(input.summary ?? '', avoidance),
  };
}

function veiledIntent(intent: IpaOutput, avoidance: Avoidance): IpaOutput {
  return {
    ...intent,
    actions: intent.actions.map((action) => veiledAction(action, avoidance)),
    alternatives: intent.alternatives.filter((alternative) => !avoidance.mentions(alternative.text)),
  };
}

function veiledAction(action: IntentAction, avoidance: Avoidance): IntentAction {
  const { object, npc, topic, emotion, instrument, place, ...rest } = action;
  const words = { object, npc, topic, emotion, instrument, place };
  const said = Object.entries(words).filter(
    ([, word]) => word !== undefined && !avoidance.mentions(word.replaceAll('_', ' ')),
  );
  return { ...rest, ...Object.fromEntries(said), text: keptSentences(action.text, avoidance) };
}

function veiledWorld(world: WbaOutput, avoidance: Avoidance): WbaOutput {
  return {
    ...world,
    world_state: veiledView(world.world_state, avoidance),
    applied: world.applied.map((done) => veiledDone(done, avoidance)),
    rejected: world.rejected.map((refused) => veiledRefusal(refused, avoidance)),
    description: keptSentences(world.description, avoidance),
  };
}

function veiledDone(done: AppliedOperation, avoidance: Avoidance): AppliedOperation {
  const { object_name, npc_name, to_name, mood, text } = done;
  return {
    ...done,
    ...(object_name === undefined ? {} : { object_name: kept(object_name, avoidance) ?? SOMETHING }),
    ...(npc_name === undefined ? {} : { npc_name: kept(npc_name, avoidance) ?? SOMEBODY }),
    ...(to_name === undefined
      ? {}
      : { to_name: kept(to_name, avoidance) ?? (done.op === 'move_player' ? HERE : ELSEWHERE) }),
    ...(mood === undefined ? {} : { mood: kept(mood, avoidance) ?? SOME_MOOD }),
    ...(text === undefined ? {} : { text: kept(text, avoidance) ?? 'something has changed' }),
  };
}

function veiledRefusal(refused: RejectedOperation, avoidance: Avoidance): RejectedOperation {
  const { target, message, ...rest } = refused;
  const name = kept(target, avoidance);
  return { ...rest, message, ...(name === undefined ? {} : { target: name }) };
}

/** Things and people that are not to be named are not seen at all; places have to be somewhere. */
function veiledView(view: WorldView, avoidance: Avoidance): WorldView {
  const things = (list: WorldView['objects']) =>
    list
      .filter((object) => !avoidance.mentions(object.name))
      .map((object) => ({
        ...object,
        description: keptSentences(object.description, avoidance),
        use_text: keptSentences(object.use_text, avoidance),
      }));
  const { location } = view;
  return {
    ...view,
    location: {
      ...location,
      name: kept(location.name, avoidance) ?? HERE,
      description: keptSentences(location.description, avoidance),
      mood: kept(location.mood, avoidance) ?? SOME_MOOD,
      exits: location.exits.map((exit) => ({ ...exit, to_name: kept(exit.to_name, avoidance) ?? ELSEWHERE })),
    },
    objects: things(view.objects),
    inventory: things(view.inventory),
    npcs: view.npcs
      .filter((npc) => !avoidance.mentions(npc.name))
      .map((npc) => ({
        ...npc,
        description: keptSentences(npc.description, avoidance),
        mood: kept(npc.mood, avoidance) ?? SOME_MOOD,
      })),
  };
}

function kept(words: string | undefined, avoidance: Avoidance): string | undefined {
  return words === undefined || avoidance.mentions(words) ? undefined : words;
}

function keptSentences(text: string, avoidance: Avoidance): string {
  return sentencesOf(text)
    .filter((sentence) => !avoidance.mentions(sentence))
    .join(' ');
}
