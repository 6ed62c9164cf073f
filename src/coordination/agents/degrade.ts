import { z } from 'zod';
import type { CoordinationCore } from '../core.ts';
import { keyParts } from '../keys.ts';
import { askScript } from '../messages/availability.ts';
import { AgentId, agentIdText } from '../models/agent-id.ts';
import { DegradedBy } from '../models/agent-record.ts';
import { degradeAgent } from '../scripts/degrade-agent.ts';
import { parseInput } from '../validate.ts';

const Degradation = z.strictObject({
  agent: AgentId,
  isDegraded: z.boolean(),
  reason: z.string().max(1024).nullable(),
  by: DegradedBy,
  /** The incarnation whose health it is: it says nothing of who took its name meanwhile. */
  own: z.uuid().nullable(),
});

/** What came of an attempt to degrade an agent: `unchanged` too when only an operator may change it. */
export type DegradeOutcome = 'changed' | 'unchanged' | 'unknown';

/** Errors: validation (invalid_input), redis_unavailable (unavailable) */
export async function degrade(
  { redis, keys }: CoordinationCore,
  input: z.input<typeof Degradation>,
  eventsMaxLen: number,
): Promise<DegradeOutcome> {
  const { agent, isDegraded, reason, by, own } = parseInput(Degradation, input);
  const answer = await askScript(
    redis,
    degradeAgent,
    [keys.agent(...keyParts(agent)), keys.degradedAgents(), keys.agentEvents()],
    [
      agentIdText(agent),
      isDegraded ? 1 : 0,
      by,
      `"reason":${JSON.stringify(reason)}}`,
      eventsMaxLen,
      own ?? '',
    ],
  );
  return answer as DegradeOutcome; // the script answers nothing else
}
