import { z } from 'zod';
import { ERROR_KINDS } from '../../kernel/error-kinds.ts';
import { FleetError, isFleetError } from '../../kernel/errors.ts';
import { canonicalJson } from './canonical-json.ts';

const MAX_BYTES = 256 * 1024;

const Failure = z.strictObject({
  error: z.strictObject({
    code: z.string(),
    kind: z.enum(ERROR_KINDS),
    message: z.string(),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
});
type Failure = z.output<typeof Failure>;

/** An entry, as JSON in both tiers: what a call returned, or how it failed. */
export type Entry = { readonly ok: unknown } | Failure;

/** @returns null for a value that would not survive JSON or is larger than 256 KiB */
export function encodeValue(value: unknown): string | null {
  return canonicalJson(value) === null ? null : withinLimit(JSON.stringify({ ok: value }));
}

/** @returns null for a failure that may go away by itself; remembering it would defeat retries */
export function encodeError(thrown: unknown): string | null {
  const known = isFleetError(thrown) ? thrown : null;
  const isFinal =
    known === null
      ? thrown instanceof Error && 'retryable' in thrown && thrown.retryable === false
      : !known.retryable && known.kind !== 'cancelled';
  if (!isFinal) return null;
  const details = known?.details;
  return withinLimit(
    JSON.stringify({
      error: {
        code: known?.code ?? 'step_failed',
        kind: known?.kind ?? 'internal',
        message: thrown instanceof Error ? thrown.message : String(thrown),
        ...(details === undefined || canonicalJson(details) === null ? {} : { details }),
      },
    }),
  );
}

/** @returns null for text that is no entry */
export function decode(text: string): Entry | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof parsed !== 'object' || parsed === null) return null;
  const isValue = Object.hasOwn(parsed, 'ok') && Object.keys(parsed).length === 1;
  return isValue ? (parsed as { ok: unknown }) : (Failure.safeParse(parsed).data ?? null);
}

/** The failure as it was, without its stack. Only final ones are remembered. */
export function rebuildError({ error }: Failure): FleetError {
  const { code, kind, message, details } = error;
  return new FleetError({
    code,
    kind,
    message,
    retryable: false,
    ...(details === undefined ? {} : { details }),
  });
}

function withinLimit(text: string): string | null {
  return Buffer.byteLength(text) > MAX_BYTES ? null : text;
}
