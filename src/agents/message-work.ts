import type { z } from 'zod';
import { PermanentFailure, type ValidationIssue } from '../coordination/errors.ts';
import { agentIdText } from '../coordination/models/agent-id.ts';
import type { AgentMessage } from '../coordination/models/message.ts';
import type { JsonObject } from '../coordination/models/json.ts';
import type { JsonValue } from '../kernel/json.ts';

/** What a message asks of an agent, in the agent's own terms. */
export interface MessageWork<I> {
  readonly input: I;
  readonly session_id: string | null;
  /** As it was sent; what the agent understands of it is in `input`, too. */
  readonly context: JsonObject;
  readonly metadata: {
    readonly message_id: string;
    readonly timestamp: string | null;
    /** `type:instance`. */
    readonly sender: string;
  };
}

/** Pure; one for each type of agent that wants more than the payload. Errors: permanent_failure */
export type FromMessage<I> = (message: AgentMessage) => MessageWork<I>;

/** Fields of an input with where in the payload each comes from. */
export type Sources = Readonly<Record<string, { readonly from: string; readonly value: unknown }>>;

/**
 * The work of a message. What is missing or wrong in the payload is named, all of it at once; nobody guesses, and
 * trying again cannot help.
 *
 * Errors: permanent_failure (invalid_input), without values: they are a player's
 */
export function readWork<S extends z.ZodType>(
  message: AgentMessage,
  schema: S,
  sources: Sources,
  isRequired: readonly string[],
): MessageWork<z.output<S>> {
  const { payload } = message;
  const given = Object.entries(sources).filter(([, { value }]) => value !== undefined && value !== null);
  const missing = isRequired.filter((name) => given.every(([field]) => field !== name));
  const parsed = schema.safeParse(Object.fromEntries(given.map(([field, { value }]) => [field, value])));
  const issues: ValidationIssue[] = [
    ...missing.map((name) => ({ path: sources[name]!.from, message: 'is required' })),
    ...(parsed.success ? [] : parsed.error.issues)
      .filter(({ path }) => !missing.includes(String(path[0])))
      .map(({ path: [field, ...rest], message: text }) => ({
        path: [sources[String(field)]?.from ?? 'payload', ...rest.map(String)].join('.'),
        message: text,
      })),
    ...surroundingsIssues(payload),
  ];
  if (issues.length > 0 || !parsed.success) {
    const text = issues.map(({ path, message: why }) => `${path}: ${why}`).join('; ');
    throw new PermanentFailure(`message ${message.message_id} cannot be worked on: ${text}`);
  }
  return { input: parsed.data, ...surroundingsOf(message) };
}

/** The work of an agent that takes payloads as they come. */
export function plainWork(message: AgentMessage): MessageWork<JsonObject> {
  const { payload } = message;
  return { ...surroundingsOf(message), input: payload };
}

export function contextOf({ context }: JsonObject): JsonObject {
  return isObject(context) ? context : {};
}

/** The first of these that is given, with its path; the first of all when none is. */
export function firstOf(payload: JsonObject, ...names: readonly [string, ...string[]]): Sources[string] {
  const name = names.find((each) => payload[each] !== undefined && payload[each] !== null) ?? names[0];
  return { from: `payload.${name}`, value: payload[name] };
}

function surroundingsOf(message: AgentMessage): Omit<MessageWork<never>, 'input'> {
  const { message_id, timestamp, sender, payload } = message;
  const session = payload['session_id'];
  return {
    session_id: typeof session === 'string' ? session : null,
    context: contextOf(payload),
    metadata: { message_id, timestamp, sender: agentIdText(sender) },
  };
}

function surroundingsIssues({ session_id: session, context }: JsonObject): ValidationIssue[] {
  const issues: ValidationIssue[] = [];
  if (session !== undefined && session !== null && (typeof session !== 'string' || session === ''))
    issues.push({ path: 'payload.session_id', message: 'expected a text that is not empty' });
  if (context !== undefined && context !== null && !isObject(context))
    issues.push({ path: 'payload.context', message: 'expected an object' });
  return issues;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
