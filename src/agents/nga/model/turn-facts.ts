import type { NgaInput } from '../../../contracts/narrative.ts';
import { DEFAULT_STORY_CHARS } from '../../../contracts/narrative.ts';
import type { WorldView } from '../../../contracts/world-view.ts';
import { avoidanceOf, stemOf, type Avoidance } from '../avoidance.ts';
import { sentencesOf } from '../sentences.ts';
import { veiled } from '../veil.ts';

/** What a told turn is held against. */
export interface TurnFacts {
  readonly input: NgaInput;
  /** The same without what the player is to be spared: all a model hears. */
  readonly spared: NgaInput;
  readonly view: WorldView | null;
  readonly avoidance: Avoidance;
  readonly maxChars: number;
  /** Stems of all words by which the view speaks of its things, people and ways. */
  readonly seen: ReadonlySet<string>;
  /** Stems of the player's own words in this turn. */
  readonly said: ReadonlySet<string>;
  /** First sentences of the last turns, flattened. */
  readonly openings: readonly string[];
}

export function factsOf(input: NgaInput): TurnFacts {
  const view = input.world?.world_state ?? input.view;
  const applied = input.world?.applied ?? [];
  const avoidance = avoidanceOf(input.therapeutic_context?.avoid ?? []);
  return {
    input,
    spared: veiled(input, avoidance),
    view,
    avoidance,
    maxChars: input.style?.max_chars ?? DEFAULT_STORY_CHARS,
    seen: stemsOf([
      ...(view === null ? [] : textsOf(view)),
      ...applied.flatMap((done) => [done.object_name, done.npc_name, done.to_name, done.mood, done.text]),
      ...(input.view === null ? [] : [input.view.location.name, ...input.view.location.aliases]),
    ]),
    said: stemsOf([input.player_text]),
    openings: input.recent_turns.map((turn) => flatten(sentencesOf(turn.response_text)[0] ?? '')),
  };
}

/** A sentence without case and punctuation. */
export function flatten(sentence: string): string {
  return wordsIn(sentence).join(' ');
}

export function wordsIn(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+(?:[’'][\p{L}]+)*/gu) ?? [];
}

function stemsOf(texts: readonly (string | undefined)[]): Set<string> {
  return new Set(texts.flatMap((text) => wordsIn(text ?? '').map(stemOf)));
}

function textsOf(view: WorldView): string[] {
  const { location, objects, inventory, npcs } = view;
  return [
    location.name,
    ...location.aliases,
    location.description,
    location.mood,
    ...location.exits.flatMap((exit) => [exit.to_name, ...exit.aliases, exit.direction]),
    ...[...objects, ...inventory].flatMap((o) => [o.name, ...o.aliases, o.description, o.use_text]),
    ...npcs.flatMap((npc) => [npc.name, ...npc.aliases, npc.description, npc.mood]),
  ];
}
