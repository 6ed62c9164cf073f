import { EMOTIONS, type Emotion, type Intent, type IntentAction } from '../../contracts/intent.ts';
import type { NgaInput, TherapeuticElement } from '../../contracts/narrative.ts';
import { FEELING_GROUPS } from './grammar/feelings.ts';
import {
  ANY_GOAL,
  GOAL_KINDS,
  GOAL_PROGRESS,
  OFFER_KINDS,
  type GoalKind,
  type OfferKind,
} from './grammar/goals.ts';
import { FEELING_MEMORIES } from './grammar/memories.ts';
import type { Picker } from './select.ts';

const MOST_IN_FIVE_TURNS = 2;
/** Turns in which a thought by the way is welcome. */
const REFLECTIVE: ReadonlySet<Intent> = new Set<Intent>([
  'move',
  'take',
  'drop',
  'use',
  'open',
  'close',
  'give',
  'talk_to',
  'ask',
  'look',
  'examine',
  'rest',
  'wait',
  'continue',
]);
/** Of the turns in which a feeling could be remembered, one in so many does; more often is nagging. */
const MEMORY_IN_TURNS = 3;
/** A goal counts as practised from so many turns on. */
const PRACTISED_FROM_TURNS = 3;

/** What a player's own context adds to a turn, without ever being named as such. */
export interface Guidance {
  /** A thought by the way; empty in most turns. */
  readonly thought: string;
  /** A feeling of earlier turns, remembered; empty in most turns. */
  readonly memory: string;
  readonly elements: readonly TherapeuticElement[];
  /** What to offer first. */
  readonly order: readonly OfferKind[];
}

/**
 * Goals colour two of five turns at most, one goal after the other; a feeling that was spoken of is remembered at most
 * once in five turns, and not right after it was named.
 */
export function guidanceFor(input: NgaInput, main: IntentAction, picker: Picker): Guidance {
  const goal = goalOfTurn(input);
  const feels = main.intent === 'express_emotion';
  const order = goal?.kind?.serves ?? OFFER_KINDS;
  const isDue = REFLECTIVE.has(main.intent) && picker.recentUses('goal.') < MOST_IN_FIVE_TURNS;
  const thought = goal !== undefined && isDue ? tellGoal(goal, picker) : '';
  return {
    thought,
    memory: feels || thought !== '' ? '' : tellMemory(input, main, picker),
    elements: thought === '' ? [] : [goal?.kind?.element ?? 'self_reflection'],
    order: feels ? FEELINGS_FIRST : order,
  };
}

/** After a feeling nothing is pushed forward: pauses and company first. */
const FEELINGS_FIRST: readonly OfferKind[] = ['breathers', 'people', 'things', 'ways'];

interface Goal {
  readonly kind: GoalKind | undefined;
  readonly turns: number;
}

function goalOfTurn({ therapeutic_context: context, turn }: NgaInput): Goal | undefined {
  const goals = context?.goals.filter((goal) => goal.trim() !== '') ?? [];
  const words = goals[turn % Math.max(1, goals.length)];
  if (words === undefined) return undefined;
  return {
    kind: GOAL_KINDS.find((kind) => kind.words.test(words)),
    turns: context?.progress?.find((known) => known.goal === words)?.turns ?? 0,
  };
}

function tellGoal(goal: Goal, picker: Picker): string {
  const isPractised = goal.turns >= PRACTISED_FROM_TURNS && picker.chance('goal') % 3 === 0;
  if (isPractised) return picker.pick('goal.progress', GOAL_PROGRESS);
  if (goal.kind === undefined) return picker.pick('goal.any', ANY_GOAL);
  return picker.pick(`goal.${goal.kind.name}`, goal.kind.thoughts);
}

function tellMemory(input: NgaInput, main: IntentAction, picker: Picker): string {
  if (!REFLECTIVE.has(main.intent)) return '';
  const emotion = EMOTIONS.find((known) => known === input.emotional_state);
  if (emotion === undefined || isFresh(input) || picker.recentUses('memory.') > 0) return '';
  if (picker.chance('memory') % MEMORY_IN_TURNS !== 0) return '';
  const group = FEELING_GROUPS[emotion satisfies Emotion];
  return picker.pick(`memory.${group}`, FEELING_MEMORIES[group], { emotion });
}

/** Named a moment ago: it need not be said again. */
function isFresh(input: NgaInput): boolean {
  return input.recent_turns.at(-1)?.intent === 'express_emotion';
}
