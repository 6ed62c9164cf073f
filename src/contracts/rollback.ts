import { z } from 'zod';
import { IsoTime } from './identifiers.ts';

const Savepoint = z.string().min(1).max(300);

export const RollbackRun = z
  .strictObject({
    /** `start`, the name of a savepoint, or the path of the step that made one. */
    savepoint: Savepoint.default('start'),
    reason: z.string().trim().min(1).max(500).optional(),
    /** Cancel the run first when it is still open. */
    cancel: z.boolean().default(false),
  })
  .meta({ id: 'RollbackRun' });
export type RollbackRun = z.input<typeof RollbackRun>;

/** An effect that was left as it is, and why. */
export const RollbackError = z
  .strictObject({
    code: z.enum(['undo_conflict', 'undo_unavailable', 'undo_failed']),
    /** world_patch, session_turn, redis_key, file, compensator or called_run. */
    kind: z.string(),
    /** Path of the step that did it; empty for what the run itself did. */
    step: z.string(),
    message: z.string(),
  })
  .meta({ id: 'RollbackError' });
export type RollbackError = z.infer<typeof RollbackError>;

export const RollbackResult = z
  .strictObject({
    /** False: something could not be undone. */
    ok: z.boolean(),
    savepoint: z.string(),
    /** Effects undone now. */
    executed: z.int().min(0),
    /** Effects that were undone before, or of which nothing was left. */
    skipped: z.int().min(0),
    errors: z.array(RollbackError),
  })
  .meta({ id: 'RollbackResult' });
export type RollbackResult = z.infer<typeof RollbackResult>;

export const RollbackEntry = z
  .strictObject({
    at: IsoTime,
    trigger: z.enum(['manual', 'auto']),
    /** Who asked; `system` for what a workflow asks for. */
    actor: z.string(),
    reason: z.string().optional(),
    savepoint: z.string(),
    executed: z.int().min(0),
    skipped: z.int().min(0),
    errors: z.array(RollbackError),
    outcome: z.enum(['complete', 'partial']),
    duration_ms: z.number().min(0),
  })
  .meta({ id: 'Rollback' });
export type RollbackEntry = z.infer<typeof RollbackEntry>;

/** Most of a time limit had passed: of an attempt of a step, or of the run. */
export const EarlyWarningEntry = z
  .strictObject({
    kind: z.literal('early_warning'),
    at: IsoTime,
    scope: z.enum(['step', 'run']),
    step: z.string().optional(),
    elapsed_ms: z.int().min(0),
    limit_ms: z.int().min(0),
  })
  .meta({ id: 'EarlyWarning' });
export type EarlyWarningEntry = z.infer<typeof EarlyWarningEntry>;

/** Something was wrong with the run, and the watchdog did something about it. */
export const RepairEntry = z
  .strictObject({ kind: z.literal('repair'), at: IsoTime, finding: z.string(), detail: z.string() })
  .meta({ id: 'Repair' });
export type RepairEntry = z.infer<typeof RepairEntry>;

export const HistoryEntry = z.discriminatedUnion('kind', [
  RollbackEntry.extend({ kind: z.literal('rollback') }).meta({ id: 'RollbackOfRun' }),
  EarlyWarningEntry,
  RepairEntry,
]);
export type HistoryEntry = z.infer<typeof HistoryEntry>;

/** Rollbacks, early warnings and repairs, newest first. */
export const RollbackHistory = z
  .strictObject({ history: z.array(HistoryEntry) })
  .meta({ id: 'RollbackHistory' });
export type RollbackHistory = z.infer<typeof RollbackHistory>;
