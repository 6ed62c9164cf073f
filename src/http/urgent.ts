import { TurnInput } from '../contracts/turn.ts';
import type { HttpDeps } from './deps.ts';

/** Whether the input of a run is a player's line that must be answered, whatever else is wrong. */
export function isUrgentInput(isUrgent: HttpDeps['isUrgent'], input: unknown): boolean {
  if (isUrgent === undefined) return false;
  const turn = TurnInput.safeParse(input);
  return turn.success && isUrgent(turn.data.text);
}
