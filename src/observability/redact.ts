import { isFleetError } from '../kernel/errors.ts';

export const REDACTED = '***REDACTED***';

/** A field whose name contains one of these, in any case, holds a secret. */
export const SECRET_KEY_PARTS = ['secret', 'password', 'token', 'key', 'api_key', 'auth', 'cookie'] as const;

/** Fields that hold what players write and read. */
export const PLAYER_TEXT_KEYS: ReadonlySet<string> = new Set([
  'text',
  'player_text',
  'raw_text',
  'input_text',
  'normalized_text',
  'response_text',
  'narrative_text',
  'narrative',
  'story',
  'content',
  'prompt',
  'completion',
  // Of a session: topics in it are a player's words.
  'memory',
]);

/** Fields that hold what others chose to send: whatever is in them, numbers included, may be about a player. */
export const CONTENT_KEYS: ReadonlySet<string> = new Set(['payload', 'raw']);

export interface RedactOptions {
  /** Keep player text as it is. Default false: `[n chars]` stands in for it. */
  readonly includeContent?: boolean;
}

const MAX_DEPTH = 16;
const CREDENTIALS_IN_URL = /\/\/[^\s/?#@]+@/g;

/**
 * A copy of a value that may be shown to operators: secrets and player text are replaced at any depth, errors
 * become plain objects, credentials in addresses are hidden, cycles and great depth are cut. The value itself
 * is not changed, and no value makes this throw.
 */
export function redact(value: unknown, options: RedactOptions = {}): unknown {
  return new Redaction(options.includeContent ?? false).copy(value, 0, false);
}

/** {@link redact} for the fields of a log line. */
export function redactFields(
  fields: Readonly<Record<string, unknown>>,
  options: RedactOptions = {},
): Record<string, unknown> {
  return new Redaction(options.includeContent ?? false).copyFields(fields, 0, false);
}

class Redaction {
  readonly #includeContent: boolean;
  /** The objects between the root and the present value: meeting one again is a cycle. */
  readonly #path = new Set<object>();

  constructor(includeContent: boolean) {
    this.#includeContent = includeContent;
  }

  copy(value: unknown, depth: number, isPlayerText: boolean): unknown {
    switch (typeof value) {
      case 'string':
        return isPlayerText ? `[${value.length} chars]` : withoutCredentials(value);
      case 'bigint':
        return value.toString();
      case 'function':
      case 'symbol':
        return undefined;
      case 'object':
        return value === null ? null : this.#copyObject(value, depth, isPlayerText);
      default:
        return value;
    }
  }

  copyFields(fields: object, depth: number, isPlayerText: boolean): Record<string, unknown> {
    const copy: Record<string, unknown> = {};
    for (const name of Object.keys(fields)) {
      const value = read(fields, name);
      if (value === undefined) continue;
      const isText = isPlayerText || (!this.#includeContent && PLAYER_TEXT_KEYS.has(name.toLowerCase()));
      const isHidden = isSecretKey(name) || (!this.#includeContent && CONTENT_KEYS.has(name.toLowerCase()));
      copy[name] = isHidden && value !== null ? REDACTED : this.copy(value, depth + 1, isText);
    }
    return copy;
  }

  #copyObject(value: object, depth: number, isPlayerText: boolean): unknown {
    if (this.#path.has(value)) return '[circular]';
    if (depth > MAX_DEPTH) return '[too deep]';
    this.#path.add(value);
    try {
      if (value instanceof Error) return this.#copyError(value, depth);
      if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString();
      if (value instanceof URL) return withoutCredentials(value.href);
      if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
      if (value instanceof Map) return this.copyFields(Object.fromEntries(value), depth, isPlayerText);
      if (value instanceof Set || Array.isArray(value)) {
        return [...value].map((item) => this.copy(item, depth + 1, isPlayerText));
      }
      return this.copyFields(value, depth, isPlayerText);
    } finally {
      this.#path.delete(value);
    }
  }

  /** What helps to find the fault: type, code, message, stack and cause. */
  #copyError(error: Error, depth: number): Record<string, unknown> {
    const code: unknown = 'code' in error ? error.code : undefined;
    return {
      type: error.name,
      ...(code !== undefined && { code: this.copy(code, depth + 1, false) }),
      ...(isFleetError(error) && { kind: error.kind }),
      message: withoutCredentials(error.message),
      ...(isFleetError(error) &&
        error.details && { details: this.copyFields(error.details, depth + 1, false) }),
      ...(error.stack !== undefined && { stack: withoutCredentials(error.stack) }),
      ...(error.cause !== undefined && { cause: this.copy(error.cause, depth + 1, false) }),
      ...(error instanceof AggregateError && { errors: this.copy(error.errors, depth + 1, false) }),
    };
  }
}

export function isSecretKey(name: string): boolean {
  const lower = name.toLowerCase();
  return SECRET_KEY_PARTS.some((part) => lower.includes(part));
}

/** `redis://user:pw@host` as `redis://***REDACTED***@host`, anywhere in a text. */
function withoutCredentials(text: string): string {
  return text.includes('@') ? text.replaceAll(CREDENTIALS_IN_URL, `//${REDACTED}@`) : text;
}

/** A getter that throws must not lose the log line. */
function read(fields: object, name: string): unknown {
  try {
    return Reflect.get(fields, name);
  } catch {
    return '[unreadable]';
  }
}
