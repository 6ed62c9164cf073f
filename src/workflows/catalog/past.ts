import type { NgaInput } from '../../contracts/narrative.ts';
import type { TurnRecord } from '../../contracts/session.ts';
import { fitContext } from '../../sessions/memory/fit-context.ts';
import { progressOf } from '../../sessions/memory/goals.ts';
import { linesOf } from '../../sessions/memory/tell-memory.ts';
import type { SessionContext } from '../../sessions/session-context.ts';

type Past = Pick<NgaInput, 'recent_turns' | 'summary' | 'emotional_state' | 'therapeutic_context'>;

/**
 * The past a story is told from, of at most so many characters. Goals and what is to be avoided count, but are never left
 * out: a story must know them all.
 */
export function pastOf(
  session: SessionContext | null,
  recentTurns: readonly TurnRecord[],
  maxChars: number,
): Past {
  if (session === null) {
    return { recent_turns: [], summary: null, emotional_state: null, therapeutic_context: null };
  }
  const { goals, avoid } = session.therapeuticContext;
  const progress = progressOf(goals, session.memory.goals, null);
  const lines = linesOf(session.memory, recentTurns[0]?.turn);
  const taken = [...goals, ...avoid].reduce((sum, text) => sum + text.length, 0);
  const past = fitContext({ lines, turns: recentTurns }, maxChars, taken);
  return {
    recent_turns: past.turns.map((turn) => ({
      turn: turn.turn,
      text: turn.text,
      intent: turn.intent as NgaInput['recent_turns'][number]['intent'],
      response_text: turn.response_text,
      template_ids: turn.template_ids,
    })),
    summary: past.lines.length === 0 ? null : past.lines.join('\n'),
    emotional_state: session.emotionalState,
    therapeutic_context: {
      goals,
      avoid,
      progress: progress.map(({ goal, turns }) => ({ goal, turns })),
      ...(session.difficulty === 'normal' ? {} : { difficulty: session.difficulty }),
    },
  };
}
