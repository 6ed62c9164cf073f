import { FleetError } from '../kernel/errors.ts';

/** One wrong place of an input. The path is written with dots; it never holds a value. */
export interface ValidationIssue {
  readonly path: string;
  readonly message: string;
}

/** The input of a call is wrong. Thrown before Redis is touched, with every problem at once. */
export class CoordinationValidationError extends FleetError {
  readonly issues: readonly ValidationIssue[];

  constructor(issues: readonly ValidationIssue[]) {
    super({
      code: 'validation',
      kind: 'invalid_input',
      message: `invalid input: ${issues.map(({ path, message }) => `${path || 'input'}: ${message}`).join('; ')}`,
      problems: issues.map(({ path, message }) => ({ path: toPointer(path), message, code: 'invalid' })),
    });
    this.name = 'CoordinationValidationError';
    this.issues = issues;
  }
}

/** Redis cannot be reached, or did not answer. */
export class CoordinationUnavailableError extends FleetError {
  constructor(what: string, cause: unknown) {
    super({
      code: 'redis_unavailable',
      kind: 'unavailable',
      message: `Redis did not answer (${what})`,
      retryAfterMs: 1000,
      cause,
    });
    this.name = 'CoordinationUnavailableError';
  }
}

/** Thrown by what consumes a message: trying again cannot help. The message becomes a dead letter. */
export class PermanentFailure extends FleetError {
  constructor(message: string, cause?: unknown) {
    super({ code: 'permanent_failure', kind: 'invalid_input', message, cause });
    this.name = 'PermanentFailure';
  }
}

/** Nobody answered a request in time. A late answer goes to the requester's mailbox. */
export class RequestTimeoutError extends FleetError {
  constructor(messageId: string, timeoutMs: number) {
    super({
      code: 'request_unanswered',
      kind: 'timeout',
      message: `no answer to message ${messageId} within ${timeoutMs} ms`,
      details: { message_id: messageId, timeout_ms: timeoutMs },
    });
    this.name = 'RequestTimeoutError';
  }
}

/** A request could not be sent; `details.error_code` says why, as in a MessageResult. */
export class RequestNotSentError extends FleetError {
  constructor(messageId: string, errorCode: string | null) {
    super({
      code: 'request_not_sent',
      kind: 'unavailable',
      message: `message ${messageId} was not sent: ${errorCode ?? 'unknown'}`,
      retryAfterMs: 1000,
      details: { message_id: messageId, error_code: errorCode },
    });
    this.name = 'RequestNotSentError';
  }
}

/** Nobody alive is registered under this name. */
export class AgentNotRegisteredError extends FleetError {
  constructor(agent: string) {
    super({
      code: 'agent_not_registered',
      kind: 'not_found',
      message: `agent ${agent} is not registered, or no longer alive`,
      details: { agent },
    });
    this.name = 'AgentNotRegisteredError';
  }
}

/** The coordinator was closed. */
export class CoordinationClosedError extends FleetError {
  constructor(what: string, how = 'was called after close()') {
    super({
      code: 'coordination_closed',
      kind: 'unavailable',
      message: `${what} ${how}`,
      retryable: false,
    });
    this.name = 'CoordinationClosedError';
  }
}

/** Somebody else is registered under the name of this agent, and alive. */
export class AgentInstanceConflictError extends FleetError {
  constructor(holder: {
    readonly agent_id: string;
    readonly host: string;
    readonly pid: number;
    readonly registration_id: string;
  }) {
    const { agent_id, host, pid, registration_id } = holder;
    super({
      code: 'agent_instance_conflict',
      kind: 'conflict',
      message: `agent ${agent_id} runs already, on ${host} in process ${pid}; give this one another instance, or take over`,
      retryable: false,
      details: { agent_id, host, pid, registration_id },
    });
    this.name = 'AgentInstanceConflictError';
  }
}

function toPointer(path: string): string {
  return path === '' ? '' : `/${path.split('.').join('/')}`;
}
