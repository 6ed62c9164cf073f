import { z } from 'zod';

export const MAX_BAGGAGE_ENTRIES = 64;
export const MAX_BAGGAGE_BYTES = 8_192;
export const MAX_TAGS = 32;
export const MAX_STATE_BYTES = 65_536;

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** What steps of a run share and may change: JSON, at most 64 KiB. */
export const RunState = z
  .record(z.string(), z.unknown())
  .refine((state) => bytesOf(state) <= MAX_STATE_BYTES, `at most ${MAX_STATE_BYTES} bytes of JSON`);
export type RunState = z.infer<typeof RunState>;

const Baggage = z
  .record(z.string().min(1).max(256), z.string().max(4_096))
  .refine(
    (baggage) => Object.keys(baggage).length <= MAX_BAGGAGE_ENTRIES,
    `at most ${MAX_BAGGAGE_ENTRIES} entries`,
  )
  .refine((baggage) => bytesOf(baggage) <= MAX_BAGGAGE_BYTES, `at most ${MAX_BAGGAGE_BYTES} bytes`);

const fields = {
  /** The operation that started the run, in the words of who did. */
  causation_id: z.string().max(128).optional(),
  /** Handed to every step, and on to what steps call. */
  baggage: Baggage.optional(),
  tags: z.array(z.string().min(1).max(64)).max(MAX_TAGS).optional(),
  /** With which the run begins. */
  state: RunState.optional(),
};

/** What a run carries for whoever works for it, as a caller sends it. */
export const RunContextRequest = z.strictObject(fields).meta({ id: 'RunContext' });
export type RunContextRequest = z.infer<typeof RunContextRequest>;

/** The same as it is stored and handed on. Unknown fields are dropped: an older reader bears a newer writer. */
export const RunContext = z.object({ v: z.literal(1).default(1), ...fields });
export type RunContext = z.infer<typeof RunContext>;
