import {
  destination as openFile,
  pino,
  stdTimeFunctions,
  type DestinationStream,
  type Logger as Pino,
} from 'pino';
import { prettyFactory } from 'pino-pretty';
import { currentCorrelation, type Correlation } from './correlation.ts';
import { redactFields } from './redact.ts';
import { activeTraceIds } from './tracing.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Fields of a line besides its message. The named ones have the same meaning in every line. */
export interface LogFields extends Correlation {
  readonly duration_ms?: number;
  readonly err?: unknown;
  readonly [name: string]: unknown;
}

/** A line is a constant message plus fields. Secrets and player text are replaced on the way. */
export interface Logger {
  trace(fields: LogFields, message: string): void;
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** Whether lines of the level are written; what is costly to say need not be made up in vain. */
  isEnabled(level: LogLevel): boolean;
  /** A logger whose lines all have these fields. */
  child(fields: LogFields): Logger;
  /** Returns when every line so far has left the process. */
  flush(): void;
}

/** Takes whole lines. */
export interface LogSink {
  write(line: string): void;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /** `api`, `worker`, …: what the process does. */
  readonly role: string;
  /** Tells processes of one role apart. */
  readonly instance: string;
  readonly version: string;
  /** Coloured lines for people instead of JSON. Default false. */
  readonly pretty?: boolean;
  /** Write player text. Default false. */
  readonly includeContent?: boolean;
  /** Commands that print results on stdout log to stderr. Default stdout. An object serves tests. */
  readonly destination?: 'stdout' | 'stderr' | LogSink;
}

/** Names that belong to the logger; a field of such a name is written with `field_` before it. */
const RESERVED = ['time', 'level', 'msg', 'role', 'instance', 'version'] as const;

/**
 * A logger that writes one JSON object per line: `time` (ISO 8601), `level`, `msg`, `role`, `instance`,
 * `version`, the ids of {@link currentCorrelation}, then the given fields.
 *
 * Writing is synchronous, so that the last lines before a crash are not lost.
 */
export function createLogger(options: LoggerOptions): Logger {
  const { level, role, instance, version, destination = 'stdout' } = options;
  const sink = openSink(destination);
  const target = pino(
    {
      level,
      base: { role, instance, version },
      timestamp: stdTimeFunctions.isoTime,
      serializers: { err: (err: unknown) => err }, // redaction has made a plain object of it
      formatters: { level: (label) => ({ level: label }) },
    },
    options.pretty === true ? prettified(sink, destination) : sink,
  );
  return new FleetLogger(target, sink, options.includeContent ?? false, {});
}

class FleetLogger implements Logger {
  readonly #target: Pino;
  readonly #sink: DestinationStream;
  readonly #includeContent: boolean;
  /** Fields of every line, redacted already. */
  readonly #bindings: Readonly<Record<string, unknown>>;

  constructor(
    target: Pino,
    sink: DestinationStream,
    includeContent: boolean,
    bindings: Record<string, unknown>,
  ) {
    this.#target = target;
    this.#sink = sink;
    this.#includeContent = includeContent;
    this.#bindings = bindings;
  }

  trace = (fields: LogFields, message: string): void => this.#write('trace', fields, message);
  debug = (fields: LogFields, message: string): void => this.#write('debug', fields, message);
  info = (fields: LogFields, message: string): void => this.#write('info', fields, message);
  warn = (fields: LogFields, message: string): void => this.#write('warn', fields, message);
  error = (fields: LogFields, message: string): void => this.#write('error', fields, message);

  isEnabled(level: LogLevel): boolean {
    return this.#target.isLevelEnabled(level);
  }

  child(fields: LogFields): Logger {
    const bindings = { ...this.#bindings, ...this.#redacted(fields) };
    return new FleetLogger(this.#target, this.#sink, this.#includeContent, bindings);
  }

  flush(): void {
    if ('flushSync' in this.#sink && typeof this.#sink.flushSync === 'function') this.#sink.flushSync();
  }

  /** One object per line: pino's own child bindings would repeat a name that is both bound and given. */
  #write(level: 'trace' | 'debug' | 'info' | 'warn' | 'error', fields: LogFields, message: string): void {
    if (!this.#target.isLevelEnabled(level)) return;
    const line = {
      ...currentCorrelation(),
      ...activeTraceIds(),
      ...this.#bindings,
      ...this.#redacted(fields),
    };
    this.#target[level](line, message);
  }

  #redacted(fields: LogFields): Record<string, unknown> {
    const redacted = redactFields(fields, { includeContent: this.#includeContent });
    for (const name of RESERVED) {
      if (!(name in redacted)) continue;
      redacted[`field_${name}`] = redacted[name];
      delete redacted[name];
    }
    return redacted;
  }
}

function openSink(destination: 'stdout' | 'stderr' | LogSink): DestinationStream {
  if (typeof destination === 'object') return destination;
  return openFile({ fd: destination === 'stdout' ? 1 : 2, sync: true });
}

function prettified(sink: DestinationStream, destination: 'stdout' | 'stderr' | LogSink): DestinationStream {
  const format = prettyFactory({
    colorize: typeof destination === 'string' && process[destination].isTTY,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'instance,version',
    singleLine: true,
  });
  return { write: (line) => sink.write(format(line)) };
}
