import type { CoordinationOptions } from '../../src/coordination/create-coordination.ts';

/** Everything coordination has, with times a test can wait for. */
export function quickCoordination(connection: string, keyPrefix: string): CoordinationOptions {
  return {
    connection,
    keyPrefix,
    messaging: { visibilityTimeoutMs: 1000, sweepIntervalMs: 200 },
    agents: { heartbeatTtlMs: 1500, heartbeatIntervalMs: 300, lossDetectionIntervalMs: 100 },
    supervision: { handoverIntervalMs: 200, commandIntervalMs: 100 },
  };
}
