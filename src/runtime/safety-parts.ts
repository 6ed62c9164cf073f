import { STAGES } from '../contracts/safety.ts';
import type { PeopleCaller, SafetyParts } from '../safety/ports.ts';
import { createRecorder } from '../safety/screening/recorder.ts';
import type { Core } from './core.ts';
import type { SafetyRoom } from './open-safety-room.ts';
import type { SafetyState } from './open-safety-state.ts';

/** What a process judges with, remembers in and calls people by, as one; null where judging is switched off. */
export function safetyParts(
  { clock, config, log, metrics }: Pick<Core, 'clock' | 'config' | 'log' | 'metrics'>,
  { judge, supporter }: Pick<SafetyRoom, 'judge' | 'supporter'>,
  { interventions, pseudonyms, tally }: Pick<SafetyState, 'interventions' | 'pseudonyms' | 'tally'>,
  people: PeopleCaller,
): SafetyParts | null {
  if (!config.safety.enabled) return null;
  // An alert sees the first failure only where it was none before.
  for (const stage of STAGES) metrics.safety_degraded_total.inc({ reason: `${stage}_failed` }, 0);
  const recorder = createRecorder({
    tally,
    store: interventions,
    clock,
    log,
    auditsSafe: config.safety.audit.safe,
  });
  return { judge, supporter, people, pseudonyms, store: interventions, recorder };
}
