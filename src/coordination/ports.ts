import type { RedisSource } from '../redis/connect.ts';

export type { Clock } from '../kernel/clock.ts';

export type MetricLabels = Readonly<Record<string, string>>;

/** Where figures go. Names are those of Prometheus, with the prefix `agent_orchestration_`. */
export interface MetricsSink {
  /** A counter grows by `n`, 1 unless given. */
  inc(name: string, labels?: MetricLabels, n?: number): void;
  /** A gauge has this value. */
  set(name: string, value: number, labels?: MetricLabels): void;
  /** A histogram sees this value; seconds unless the name says otherwise. */
  observe(name: string, value: number, labels?: MetricLabels): void;
}

export const NO_METRICS: MetricsSink = { inc: () => {}, set: () => {}, observe: () => {} };

export type LogFields = Readonly<Record<string, unknown>>;

/** A part of pino's logger: fields first, then a constant message. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

export const NO_LOGGER: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/**
 * Where Redis is: its URL, the parts of it, or a client. Of a client only the settings are taken: coordination
 * opens connections of its own and closes those, never the client.
 */
export type ConnectionInput = RedisSource;

/** What every part of coordination is given. */
export interface CoordinationPorts {
  readonly metrics?: MetricsSink;
  readonly logger?: Logger;
}

/** A sink that never throws: what goes wrong in it is logged once and forgotten. */
export function guardedMetrics(sink: MetricsSink, logger: Logger): MetricsSink {
  let isReported = false;
  const guarded = (write: () => void): void => {
    try {
      write();
    } catch (error) {
      if (isReported) return;
      isReported = true;
      logger.warn({ err: error }, 'the metrics sink throws; its errors are ignored from now on');
    }
  };
  return {
    inc: (name, labels, n) => guarded(() => sink.inc(name, labels, n)),
    set: (name, value, labels) => guarded(() => sink.set(name, value, labels)),
    observe: (name, value, labels) => guarded(() => sink.observe(name, value, labels)),
  };
}
