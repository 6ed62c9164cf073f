import type { GoalProgress } from '../../contracts/memory.ts';
import type { TurnFacts } from './turn-facts.ts';

/** Words that say nothing of what a goal is about. */
const EMPTY_WORDS: ReadonlySet<string> = new Set(
  'about after again also become being better could every feel feeling find from getting have into keep learn less like make more most much myself need other practice practise should some start stop than that their them then there these they thing this through time want when where which with without work would your'.split(
    ' ',
  ),
);

/** What the elements and themes of stories stand for, beside the words they consist of. */
const RELATED: Readonly<Record<string, string>> = {
  emotional_validation: 'emotion express accept sad anxious anger grief',
  problem_solving: 'problem solve decide decision plan choice',
  self_reflection: 'reflect understand journal identity self-esteem',
  social_connection: 'friend people lonely loneliness talk trust group family',
  resilience: 'courage cope coping strength strong setback persist',
  mindfulness: 'calm breathe breathing present panic stress relax',
  courage: 'brave fear afraid confidence confident',
};

/** The goals as they stand now, each with the turns in which it was touched; the turn counts once for each. */
export function progressOf(
  goals: readonly string[],
  known: readonly GoalProgress[],
  turn: TurnFacts | null,
): GoalProgress[] {
  return goals.map((goal) => {
    const before = known.find((entry) => entry.goal === goal) ?? { goal, turns: 0, last_turn: 0 };
    if (turn === null || !touches(goal, turn)) return before;
    return { goal, turns: before.turns + 1, last_turn: turn.turn };
  });
}

/**
 * Whether a turn touched a goal: a word of the goal is among the player's words, or among those of the turn's themes,
 * its elements, its feeling or its topic. Words are compared by their stems; words that say nothing do not count.
 */
export function touches(goal: string, turn: TurnFacts): boolean {
  const marks = [...turn.themes, ...turn.elements];
  const said = [
    turn.text,
    turn.topic ?? '',
    turn.feeling ?? '',
    ...marks.map((mark) => mark.replaceAll('_', ' ')),
  ];
  const related = marks.map((mark) => (Object.hasOwn(RELATED, mark) ? RELATED[mark] : ''));
  const heard = stemsOf([...said, ...related].join(' '));
  return [...stemsOf(goal)].some((word) => heard.has(word));
}

function stemsOf(text: string): Set<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}'-]{3,}/gu) ?? [];
  return new Set(words.filter((word) => !EMPTY_WORDS.has(word)).map(stem));
}

/** Crude and stable: endings that change what a word does, not what it is about. */
function stem(word: string): string {
  const short = word.replace(/(?:'s|ingly|edly|iness|ness|ings?|ies|ied|ment|ers?|ed|es|ly|s|y|e)$/u, '');
  return short.length >= 3 ? short : word;
}
