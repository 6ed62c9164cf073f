import type { ProtocolStep } from '../../../config/safety-protocols.ts';
import { QUEUES } from '../../../queues/catalogue.ts';
import { CLOSED_STATES, type Intervention, type InterventionAction } from '../../contracts/intervention.ts';
import type { ProtocolStepJobData } from '../../contracts/safety-job.ts';
import { timeoutError, untilAborted } from '../../kernel/abort.ts';
import { toIso } from '../../kernel/clock.ts';
import { assertNever, FleetError, toFleetError } from '../../kernel/errors.ts';
import { begin } from '../escalations/begin.ts';
import { alertEvent } from '../escalations/context.ts';
import { endEscalation } from '../escalations/deadline.ts';
import { planFollowUp } from '../escalations/follow-up.ts';
import { mirrorLater } from '../escalations/mirror.ts';
import { CHANNELS_OF_LEVEL, subjectOf } from '../escalations/transitions.ts';
import { addEvent } from '../record-event.ts';
import { chooseProtocol, filled } from './choose-protocol.ts';
import type { PeopleContext } from './people-caller.ts';

/** What a step did, for the intervention's actions. */
interface Done {
  readonly outcome: 'completed' | 'skipped';
  readonly description: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export type StepResult = { readonly outcome: 'completed' | 'skipped' | 'before' | 'closed' };

/**
 * Carry out one step of a protocol, at most once: what it did stands in the intervention's actions, and a step that
 * stands there is not done again.
 *
 * Errors: intervention_not_found (not_found), step_timeout (timeout), whatever the step throws
 */
export async function runProtocolStep(
  ctx: PeopleContext,
  data: ProtocolStepJobData,
  attempt: { readonly isLast: boolean },
): Promise<StepResult> {
  const intervention = await ctx.interventions.get(data.intervention_id);
  if (intervention === null) throw notFound(data.intervention_id);
  if (CLOSED_STATES.includes(intervention.state)) return { outcome: 'closed' };
  const step = chooseProtocol(ctx.protocols, intervention.assessment).steps[data.step];
  // A higher level has its own protocol, which was queued with its own round.
  if (step === undefined || data.round < intervention.escalation_round) return { outcome: 'closed' };
  if (intervention.actions.some((action) => isOf(action, data) && action.success))
    return { outcome: 'before' };
  const started = performance.now();
  const { timeoutMs } = QUEUES['safety-protocol'];
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const done = await untilAborted(carryOut(ctx, step, intervention), signal).catch((error: unknown) => {
      throw signal.aborted ? timeoutError('step_timeout', `protocol step "${step.step}"`, timeoutMs) : error;
    });
    await noteDone(ctx, data, step, performance.now() - started, done);
    ctx.metrics.safety_protocol_steps_total.inc({ step: step.step, outcome: done.outcome });
    return { outcome: done.outcome };
  } catch (error) {
    const failure = toFleetError(error, 'step_failed');
    ctx.metrics.safety_protocol_steps_total.inc({
      step: step.step,
      outcome: attempt.isLast ? 'failed' : 'retried',
    });
    if (attempt.isLast) await noteFailure(ctx, data, step, performance.now() - started, failure);
    throw failure;
  }
}

async function carryOut(ctx: PeopleContext, step: ProtocolStep, now: Intervention): Promise<Done> {
  switch (step.step) {
    case 'generate_response':
    case 'provide_resources':
      return { outcome: 'completed', description: 'was done when the player was answered' };
    case 'log_event':
      await addEvent(
        ctx.store,
        { type: 'safety.intervention.updated', data: aboutIntervention(now) },
        ctx.clock.now(),
      );
      return { outcome: 'completed', description: filled(step.message, now) };
    case 'notify_human':
      return notifyHuman(ctx, step, now);
    case 'contact_emergency':
      // Software dials nobody: the player was shown the number, and a person decides (spec, safety 0.5).
      return { outcome: 'skipped', description: 'no staffed dispatch service is set up' };
    case 'schedule_followup':
      return scheduleFollowUp(ctx, step, now);
    default:
      return assertNever(step, 'step of a protocol');
  }
}

async function notifyHuman(
  ctx: PeopleContext,
  step: Extract<ProtocolStep, { step: 'notify_human' }>,
  now: Intervention,
): Promise<Done> {
  const id = `${now.intervention_id}-${now.escalation_round}`;
  const note = step.note === undefined ? null : filled(step.note, now);
  const { escalation } = await begin(ctx, id, subjectOf(now, AUDIENCES[step.audience], note));
  for (let round = 1; round < now.escalation_round; round++) {
    const earlier = `${now.intervention_id}-${round}`;
    if ((await ctx.escalations.find(earlier)) === null) continue;
    await endEscalation(ctx, earlier, `replaced by ${id}`, 'superseded');
  }
  await mirrorLater(ctx, escalation);
  return {
    outcome: 'completed',
    description: `called people over ${escalation.channels.join(', ')}`,
    metadata: { escalation_id: id },
  };
}

const AUDIENCES = {
  all: CHANNELS_OF_LEVEL.critical,
  high: CHANNELS_OF_LEVEL.high,
  medium: CHANNELS_OF_LEVEL.moderate,
  console: CHANNELS_OF_LEVEL.low,
} as const;

async function scheduleFollowUp(
  ctx: PeopleContext,
  step: Extract<ProtocolStep, { step: 'schedule_followup' }>,
  now: Intervention,
): Promise<Done> {
  const { after_minutes: minutes, from } = step;
  const acknowledgedAt = now.actions.findLast(({ action_type: type }) => type === 'acknowledged')?.at;
  const since = from === 'now' ? ctx.clock.now() : acknowledgedAt && Date.parse(acknowledgedAt);
  const about = { after_minutes: minutes, from };
  if (since === undefined || since === '') {
    const description = `follow-up ${minutes} min after the acknowledgement`;
    return { outcome: 'completed', description, metadata: about };
  }
  const atMs = since + minutes * 60_000;
  await planFollowUp(ctx, now, atMs);
  return {
    outcome: 'completed',
    description: `follow-up at ${toIso(atMs)}`,
    metadata: { ...about, follow_up_at: toIso(atMs) },
  };
}

async function noteDone(
  ctx: PeopleContext,
  data: ProtocolStepJobData,
  step: ProtocolStep,
  ms: number,
  done: Done,
): Promise<void> {
  const action: InterventionAction = {
    action_type: step.step,
    description: done.description.slice(0, 500),
    at: toIso(ctx.clock.now()),
    success: done.outcome === 'completed',
    response_time_ms: Math.round(ms),
    ...(done.outcome === 'skipped' ? { error: done.description } : {}),
    metadata: {
      ...keyOf(data),
      ...(done.outcome === 'skipped' ? { skipped: true } : {}),
      ...done.metadata,
    },
  };
  await ctx.interventions.change(
    data.intervention_id,
    (now) => {
      if (CLOSED_STATES.includes(now.state) || now.actions.some((known) => isOf(known, data))) return null;
      const at = done.metadata?.['follow_up_at'];
      return {
        ...now,
        actions: [...now.actions, action].slice(-200),
        ...(step.step === 'schedule_followup' && {
          follow_up_required: true,
          ...(typeof at === 'string' ? { follow_up_at: at } : {}),
        }),
      };
    },
    { actor: 'system:protocol', what: `protocol step ${step.step}` },
  );
}

/** The job stays a dead letter; whoever looks at the intervention, or at the alerts, must see it too. */
async function noteFailure(
  ctx: PeopleContext,
  data: ProtocolStepJobData,
  step: ProtocolStep,
  ms: number,
  failure: FleetError,
): Promise<void> {
  const action: InterventionAction = {
    action_type: step.step,
    description: 'could not be done',
    at: toIso(ctx.clock.now()),
    success: false,
    response_time_ms: Math.round(ms),
    error: `${failure.code}: ${failure.message}`.slice(0, 500),
    metadata: keyOf(data),
  };
  const alert = alertEvent('protocol_step_failed', step.step === 'notify_human' ? 'critical' : 'warning', {
    intervention_id: data.intervention_id,
    step: step.step,
    code: failure.code,
  });
  await Promise.allSettled([
    addEvent(ctx.store, alert, ctx.clock.now()),
    ctx.interventions.change(
      data.intervention_id,
      (now) =>
        CLOSED_STATES.includes(now.state) ? null : { ...now, actions: [...now.actions, action].slice(-200) },
      { actor: 'system:protocol', what: `protocol step ${step.step} failed` },
    ),
  ]);
}

function keyOf(data: ProtocolStepJobData): Record<string, unknown> {
  return { protocol_id: data.protocol_id, round: data.round, step: data.step };
}

function isOf({ metadata }: InterventionAction, data: ProtocolStepJobData): boolean {
  return (
    metadata?.['protocol_id'] === data.protocol_id &&
    metadata['round'] === data.round &&
    metadata['step'] === data.step
  );
}

function aboutIntervention(now: Intervention): Record<string, string | number> {
  return {
    intervention_id: now.intervention_id,
    session_id: now.session_id,
    state: now.state,
    crisis_level: now.assessment.crisis_level,
    escalation_round: now.escalation_round,
  };
}

function notFound(id: string): FleetError {
  return new FleetError({
    code: 'intervention_not_found',
    kind: 'not_found',
    message: `there is no intervention "${id}"`,
  });
}
