import { z } from 'zod';
import { IsoTime } from './identifiers.ts';
import { SessionView, TurnRecord } from './session.ts';
import { RunView } from './run.ts';

/** A run with all that is still kept of it. */
export const ExportedRun = RunView.extend({
  input: z.unknown(),
  /** By the paths of its steps. */
  results: z.record(z.string(), z.unknown()),
  errors: z.record(z.string(), z.unknown()),
  decisions: z.record(z.string(), z.unknown()),
  signals: z.record(z.string(), z.unknown()),
  events: z.array(
    z.strictObject({
      type: z.string(),
      at: IsoTime,
      step: z.string().optional(),
      agent: z.string().optional(),
      data: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
}).meta({ id: 'ExportedRun' });
export type ExportedRun = z.infer<typeof ExportedRun>;

/** Everything that is kept of a session, in one document. */
export const SessionExport = z
  .strictObject({
    format: z.literal('ao-session-1'),
    exported_at: IsoTime,
    session: SessionView,
    /** Oldest first; the newest 100. */
    turns: z.array(TurnRecord),
    /** Null when nothing was ever written to it. */
    world: z.unknown(),
    /** Oldest first, with those that were called by others. */
    runs: z.array(ExportedRun),
  })
  .meta({ id: 'SessionExport' });
export type SessionExport = z.infer<typeof SessionExport>;
