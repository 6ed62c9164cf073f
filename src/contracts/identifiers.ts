import { z } from 'zod';
import type { RunId, SessionId } from '../kernel/ids.ts';

/** A run that was called by another one has the id of that run and the path of the call. */
export const RunIdText = z
  .string()
  .regex(
    /^wf_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}(?:\.[A-Za-z0-9._~-]{1,400})?$/,
    'expected wf_<uuidv7>',
  )
  .transform((id) => id as RunId);

const CHOSEN_ID = /^[A-Za-z][A-Za-z0-9_.-]{0,127}$/;
const CHOSEN_ID_HINT = 'expected a letter, then up to 127 letters, digits, "_", "." or "-"';

/** An id that a caller may choose. */
export const ChosenId = z.string().regex(CHOSEN_ID, CHOSEN_ID_HINT);
export const SessionIdText = ChosenId.transform((id) => id as SessionId);

export const CorrelationId = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,128}$/, 'expected 1 to 128 letters, digits, ".", "_" or "-"');

export const IsoTime = z.iso.datetime({ precision: 3 });
