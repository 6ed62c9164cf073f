import { z } from 'zod';
import { ChosenId } from './identifiers.ts';
import { IpaOutput } from './intent.ts';
import { SessionMemory } from './memory.ts';
import { PlayerText } from './player-text.ts';
import { Priority } from './priority.ts';
import { RunContextRequest } from './run-context.ts';
import { RunStatus } from './run.ts';
import { StepValidation } from './safety.ts';
import { CrisisResponse, HumanOversight } from './support.ts';
import { conflictFields, EXPECTATION_MISSING, namesExpectation, WorldOperation, WorldView } from './world.ts';

export const MAX_WAIT_MS = 30_000;
/** 30 days. */
export const MAX_DELAY_MS = 2_592_000_000;
/**
 * `fast`: agents keep within the response time target and answer locally where a model takes longer; `full`: a model may
 * take its step's whole time.
 */
export const LATENCY_MODES = ['fast', 'full'] as const;
export const LatencyMode = z.enum(LATENCY_MODES);
export type LatencyMode = z.infer<typeof LatencyMode>;

const WaitMs = z.int().min(0).max(MAX_WAIT_MS);
const Metadata = z.record(z.string(), z.unknown());

/** The input of the built-in workflows. */
export const TurnInput = z
  .strictObject({
    text: PlayerText,
    /** Present when the text was understood before the run began. */
    intent: IpaOutput.omit({ therapeutic_validation: true, short_circuit: true }).optional(),
    operations: z.array(WorldOperation).max(20).optional(),
    /** Of the world these operations, or what the text means, are meant for. */
    ...conflictFields,
  })
  .refine(namesExpectation, EXPECTATION_MISSING)
  .meta({ id: 'TurnInput' });
export type TurnInput = z.output<typeof TurnInput>;

export const ON_BUSY = ['queue', 'reject', 'supersede'] as const;

export const SubmitTurn = z
  .strictObject({
    text: PlayerText,
    workflow: z.string().optional(),
    priority: Priority.default('normal'),
    wait_ms: WaitMs.default(2000),
    on_busy: z.enum(ON_BUSY).default('queue'),
    /** Default: `sessions.latency_mode`. */
    latency_mode: LatencyMode.optional(),
    create_session: z.boolean().default(false),
    metadata: Metadata.optional(),
  })
  .meta({ id: 'SubmitTurn' });
export type SubmitTurn = z.input<typeof SubmitTurn>;

export const StartRun = z
  .strictObject({
    input: z.unknown(),
    entrypoint: z.string().optional(),
    version: z.int().positive().optional(),
    priority: Priority.default('normal'),
    wait_ms: WaitMs.default(0),
    /** Default: `sessions.latency_mode`. */
    latency_mode: LatencyMode.optional(),
    timeout_s: z.number().positive().max(3600).optional(),
    metadata: Metadata.optional(),
    dedup_id: z.string().min(1).max(255).optional(),
    session_id: ChosenId.optional(),
    /** On whose behalf; a player's own key can name nobody else. */
    user_id: z.string().min(1).max(128).optional(),
    /** Baggage, tags, and the state with which the run begins. */
    context: RunContextRequest.optional(),
    /** The run begins only after so long; its deadline counts from then. */
    delay_ms: z.int().min(0).max(MAX_DELAY_MS).optional(),
  })
  .meta({ id: 'StartRun' });
export type StartRun = z.input<typeof StartRun>;

export const BulkStart = z
  .strictObject({
    /** Bodies of single starts; looked at one by one, so that one that is wrong keeps no other back. */
    items: z.array(z.record(z.string(), z.unknown())).min(1).max(1000),
    atomic: z.boolean().default(false),
  })
  .meta({ id: 'BulkStart' });
export type BulkStart = z.output<typeof BulkStart>;

export const StepMetrics = z.strictObject({
  name: z.string(),
  agent: z.string(),
  status: z.string(),
  attempts: z.int(),
  duration_ms: z.number().nullable(),
  source: z.string().optional(),
});

/** The answer to a turn or a run that ended in time. */
export const OrchestrationResponse = z
  .strictObject({
    /** `crisis_response` and `blocked`: the text itself was answered, and no run was started. Absent: a run's answer. */
    status: z.enum(['crisis_response', 'blocked']).optional(),
    response_text: z.string().min(1),
    crisis_detected: z.literal(true).optional(),
    /** The text was judged before anything was done with it. Absent in old records. */
    safety_validated: z.boolean().optional(),
    /** Present with `crisis_response`. */
    crisis_response: CrisisResponse.optional(),
    /** Whether a person was told: `none` when no channel to people is set up. Present with `crisis_response`. */
    human_oversight_notified: HumanOversight.optional(),
    updated_context: z.strictObject({
      session_id: z.string().nullable(),
      turn: z.int().nullable(),
      /** With this turn; null without a session. */
      memory: SessionMemory.nullable().default(null),
      world_state: WorldView.nullable(),
      /** Of the session. */
      metadata: z.record(z.string(), z.unknown()).default({}),
      last_agent: z.string(),
    }),
    workflow_metadata: z.strictObject({
      /** Null when the text itself was answered: no run was started. */
      run_id: z.string().nullable(),
      workflow_name: z.string(),
      version: z.int(),
      status: RunStatus,
      short_circuited: z.literal(true).optional(),
      steps_executed: z.int(),
      steps: z.array(StepMetrics),
      intent: z.string().nullable(),
      degraded: z.boolean(),
      /** 1: without models; 2: without some steps; 3: nothing but a kind word. Absent in old records. */
      degraded_level: z.int().min(0).max(3).optional(),
      degraded_reasons: z.array(z.string()),
    }),
    performance_metrics: z.strictObject({
      total_ms: z.number(),
      queue_ms: z.number(),
      by_agent: z.record(z.string(), z.strictObject({ duration_ms: z.number() })),
      sla_ms: z.number(),
      sla_met: z.boolean(),
    }),
    /** `not_validated` where no step judged a text: nothing is called safe unseen. */
    therapeutic_validation: z.strictObject({
      level: z.enum(['safe', 'warning', 'blocked', 'not_validated']),
      /** Of all steps, each with the `agent` it is from; never with the words. */
      findings: z.array(z.unknown()),
      crisis_detected: z.boolean().optional(),
      /** Judging is switched off (`safety.enabled`). */
      disabled: z.literal(true).optional(),
      /** A step that judged nothing is listed with null. */
      by_step: z
        .array(z.strictObject({ agent: z.string(), validation: StepValidation.nullable() }))
        .optional(),
    }),
    next_actions: z.array(z.strictObject({ text: z.string(), intent: z.string() })),
  })
  .meta({ id: 'OrchestrationResponse' });
export type OrchestrationResponse = z.infer<typeof OrchestrationResponse>;

/** The answer to work that was accepted and goes on. */
export const AcceptedRun = z
  .strictObject({
    run_id: z.string(),
    status: RunStatus,
    progress: z.number(),
    location: z.string(),
    /** Its events; as a stream with `Accept: text/event-stream`. */
    stream_url: z.string().optional(),
    /** Turns of the same session that go first. */
    queued_behind: z.int().min(0),
    /** When it will be done, from its acceptance; null while too little is known of the fleet. */
    eta_ms: z.number().nullable().optional(),
  })
  .meta({ id: 'AcceptedRun' });
export type AcceptedRun = z.infer<typeof AcceptedRun>;
