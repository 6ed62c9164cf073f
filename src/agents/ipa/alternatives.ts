import type { Intent, IntentAlternative } from '../../contracts/intent.ts';
import { CONFIDENCE } from './confidence.ts';
import type { Candidate } from './resolve-entities.ts';

const COMMANDS: Readonly<Partial<Record<Intent, string>>> = {
  examine: 'examine',
  take: 'take',
  drop: 'drop',
  use: 'use',
  open: 'open',
  close: 'close',
  give: 'give',
  talk_to: 'talk to',
  ask: 'ask',
  attack: 'attack',
  move: 'go to',
};

/** One command per thing that may be meant, at most three; `suffix` is the rest of the command. */
export function commandsFor(
  intent: Intent,
  things: readonly Candidate[],
  confidence: number = CONFIDENCE.ambiguousTarget,
  suffix = '',
): IntentAlternative[] {
  const command = COMMANDS[intent];
  if (command === undefined) return [];
  return things
    .slice(0, 3)
    .map((thing) => ({ intent, confidence, text: `${command} the ${thing.name}${suffix}`, ref: thing.id }));
}
