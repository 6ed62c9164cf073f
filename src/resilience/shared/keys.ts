/**
 * Every Redis key of shared circuits. The prefix is the fleet's; on Redis Cluster it carries a hash tag (`{ao}`).
 * They stand here and not among the fleet's keys because the coordination package has circuits without the fleet.
 */
export interface CircuitKeys {
  readonly prefix: string;
  /** Hash: the record of a circuit. */
  circuitState(name: string): string;
  /** Sorted set: trial call without a result -> Redis time in ms at which its slot is taken back. */
  circuitProbes(name: string): string;
  /** Hash: what was counted of a circuit. */
  circuitMetrics(name: string): string;
  /** Set: names of circuits. */
  circuitRegistry(): string;
  /** Channel: what happened to circuits. */
  circuitEvents(): string;
}

/** No queue is called by one of these words. */
export const CIRCUIT_SEGMENTS = ['cb', 'events'] as const;

export function createCircuitKeys(prefix: string): CircuitKeys {
  const key = (...parts: string[]): string => [prefix, ...parts].join(':');
  return {
    prefix,
    circuitState: (name) => key('cb', 'state', name),
    circuitProbes: (name) => key('cb', 'probes', name),
    circuitMetrics: (name) => key('cb', 'metrics', name),
    circuitRegistry: () => key('cb', 'registry'),
    circuitEvents: () => key('events', 'circuits'),
  };
}
