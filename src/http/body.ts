import express, { type Request, type Response } from 'express';
import { MAX_METADATA_BYTES } from '../contracts/run.ts';
import { FleetError } from '../kernel/errors.ts';
import { refusal } from './problem.ts';
import { validationFailed } from './validate.ts';

export const MAX_DEPTH = 32;
export const MAX_WORKFLOW_INPUT_BYTES = 256 * 1024;

/** Reads a JSON body, or `{}` when there is none. */
export type BodyReader = (req: Request, res: Response) => Promise<unknown>;

/**
 * Errors: unsupported_media_type (415), payload_too_large (413), malformed_json (400), and validation_failed
 * (400) for nesting deeper than 32.
 */
export function createBodyReader(limitBytes: number): BodyReader {
  const parse = express.json({ limit: limitBytes, strict: false, type: () => true });
  return async (req, res) => {
    if (!hasBody(req)) return {};
    if (!req.is('application/json')) {
      const given = req.get('content-type') ?? 'none';
      throw refusal('unsupported_media_type', 415, `expected application/json, got ${given.slice(0, 100)}`);
    }
    await new Promise<void>((resolve, reject) => {
      parse(req, res, (error?: unknown) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
    const body: unknown = req.body;
    if (isDeeperThan(body, MAX_DEPTH)) {
      const message = `nested deeper than ${MAX_DEPTH} levels`;
      throw validationFailed('body', [{ path: '', message, code: 'too_deep' }]);
    }
    return body ?? (body === null ? null : {});
  };
}

/** Errors: payload_too_large (413). */
export function assertInputSize(input: unknown): void {
  const bytes = jsonBytes(input);
  if (bytes <= MAX_WORKFLOW_INPUT_BYTES) return;
  throw new FleetError({
    code: 'payload_too_large',
    kind: 'invalid_input',
    httpStatus: 413,
    message: `the workflow input has ${bytes} bytes of JSON; expected at most ${MAX_WORKFLOW_INPUT_BYTES}`,
    problems: [{ path: '/input', message: `at most ${MAX_WORKFLOW_INPUT_BYTES} bytes`, code: 'too_big' }],
  });
}

/** Errors: validation_failed naming /metadata. */
export function assertMetadataSize(metadata: unknown): void {
  const bytes = jsonBytes(metadata);
  if (bytes <= MAX_METADATA_BYTES) return;
  const message = `has ${bytes} bytes of JSON; expected at most ${MAX_METADATA_BYTES}`;
  throw validationFailed('body', [{ path: '/metadata', message, code: 'too_big' }]);
}

function hasBody(req: Request): boolean {
  return req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
}

function jsonBytes(value: unknown): number {
  return value === undefined ? 0 : Buffer.byteLength(JSON.stringify(value));
}

/** Level by level, because a hostile document may be nested deeper than the stack. */
function isDeeperThan(value: unknown, limit: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    level = level.filter((item) => typeof item === 'object' && item !== null);
    if (level.length > 0 && depth >= limit) return true;
    level = level.flatMap((item) => Object.values(item as object));
  }
  return false;
}
