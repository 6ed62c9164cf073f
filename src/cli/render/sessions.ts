import type { SessionView, TurnRecord } from '../../contracts/session.ts';
import { printable, wrap } from './text.ts';

export function sessionLines(session: SessionView): string[] {
  const { memory, therapeutic_context: therapeutic, active_run_id: active } = session;
  const lines: readonly (readonly [string, string | null | undefined])[] = [
    ['session', session.session_id],
    ['player', session.user_id],
    ['world', session.world_id],
    ['turn', `${session.turn}, last at ${session.last_activity_at}`],
    ['at work', active === null ? null : `${active}, ${session.pending_turns} more wait`],
    ['feeling', session.emotional_state && `${session.emotional_state}${trendOf(memory)}`],
    ...therapeutic.progress.map(
      ({ goal, turns }) => ['goal', `${goal} (touched in ${turns} turns)`] as const,
    ),
    ...therapeutic.avoid.map((avoided) => ['avoid', avoided] as const),
    ['met', memory?.people.map(({ name }) => name).join(', ')],
    ['places', memory?.places.map(({ name }) => name).join(', ')],
    ['threads', memory?.threads.map(({ about }) => about).join(', ')],
  ];
  const told = lines.filter(([, value]) => value !== null && value !== undefined && value !== '');
  return told.map(([name, value]) => `${name.padEnd(9)}${printable(value ?? '')}`);
}

export function turnLines(turns: readonly TurnRecord[], width: number): string[] {
  return turns.flatMap((turn) => [
    printable(`${turn.turn}. ${turn.at}  > ${turn.text}`),
    ...wrap(turn.response_text, width - 3).map((line) => `   ${line}`),
  ]);
}

function trendOf(memory: SessionView['memory']): string {
  return memory?.trend == null ? '' : ` (${memory.trend})`;
}
