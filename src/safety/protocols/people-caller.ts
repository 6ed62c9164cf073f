import { createHash } from 'node:crypto';
import type { Queue } from 'bullmq';
import type { Protocols } from '../../../config/safety-protocols.ts';
import { QUEUES } from '../../../queues/catalogue.ts';
import { CLOSED_STATES, type Intervention } from '../../contracts/intervention.ts';
import { jobPriority } from '../../contracts/priority.ts';
import type { ProtocolStepJobData } from '../../contracts/safety-job.ts';
import { toBackendError } from '../../redis/script.ts';
import { begin, CLASS_OF_LEVEL } from '../escalations/begin.ts';
import { reachesPeople, type EscalationContext } from '../escalations/context.ts';
import { dueMember } from '../escalations/due.ts';
import { CHANNELS_OF_LEVEL } from '../escalations/transitions.ts';
import type { PeopleCaller } from '../ports.ts';
import { chooseProtocol, isInline } from './choose-protocol.ts';

export interface PeopleContext extends EscalationContext {
  readonly protocols: Protocols;
  /** `safety-protocol`. */
  readonly steps: Queue;
}

/** Name of the jobs that carry out a step. */
export const STEP_JOB = 'protocol-step';
/** A level at which supervisors look at a narrator that was blocked again and again. */
const VIOLATION_LEVEL = 'high';
const MAX_PER_WINDOW = 100;

export function createPeopleCaller(ctx: PeopleContext): PeopleCaller {
  return {
    reachesPeople: reachesPeople(ctx.settings),
    tell: (intervention) => tell(ctx, intervention),
    async tellOfViolations({ sessionId, userHash, count }) {
      const windowStart = Math.floor(ctx.clock.now() / ctx.settings.outputWindowMs);
      const hash = createHash('sha256').update(`${sessionId}\n${windowStart}`).digest('hex').slice(0, 24);
      // What was resolved and happens again is told again.
      for (let n = 1; ; n++) {
        const { escalation } = await begin(ctx, n === 1 ? `out-${hash}` : `out-${hash}-${n}`, {
          intervention_id: null,
          session_id: sessionId,
          user_hash: userHash,
          escalation_type: 'repeated_output_violation',
          crisis_level: VIOLATION_LEVEL,
          crisis_types: [],
          assessment: null,
          region: null,
          channels: [...CHANNELS_OF_LEVEL[VIOLATION_LEVEL]],
          note: `the narrator was blocked ${count} times in this session; no player is known to be at risk`,
        });
        if (escalation.status !== 'resolved' || n >= MAX_PER_WINDOW) return escalation;
      }
    },
  };
}

/**
 * Queue the steps of the protocol behind those that answered the player. Each is a job of its own, so that one that fails
 * stops no other. Only then the entry that asks for it leaves what is due.
 *
 * Errors: backend_unavailable; the round asks again
 */
export async function tell(ctx: PeopleContext, intervention: Intervention): Promise<void> {
  const { intervention_id: id, escalation_round: round, assessment, state } = intervention;
  const { id: protocolId, steps } = chooseProtocol(ctx.protocols, assessment);
  const { retry } = QUEUES['safety-protocol'];
  try {
    if (!CLOSED_STATES.includes(state)) {
      await ctx.steps.addBulk(
        steps.flatMap((step, index) => {
          if (isInline(step)) return [];
          const data: ProtocolStepJobData = {
            intervention_id: id,
            round,
            step: index,
            protocol_id: protocolId,
          };
          return [
            {
              name: STEP_JOB,
              data,
              opts: {
                jobId: `proto-${id}-${round}-${index}-${step.step}`,
                // People first, whatever else the protocol does.
                priority: jobPriority(
                  CLASS_OF_LEVEL[assessment.crisis_level],
                  step.step === 'notify_human' ? 9 : 0,
                ),
                attempts: retry.max_attempts,
                backoff: { type: 'ao' },
              },
            },
          ];
        }),
      );
    }
    await ctx.store.redis.zrem(ctx.store.keys.safetyDue(), dueMember('tell', id, round));
  } catch (error) {
    throw toBackendError(error, 'calling people');
  }
}
