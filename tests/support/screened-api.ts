import { createLogger } from '../../src/observability/logger.ts';
import { createMetrics } from '../../src/observability/metrics.ts';
import { startApiRole, type ApiRole } from '../../src/runtime/api-role.ts';
import { quickConfig } from '../../src/testing/settings.ts';
import type { SafetyParts } from '../../src/safety/ports.ts';
import { freePort } from './free-port.ts';

/** The HTTP API of a fleet in this process, with a safety room of the test's. */
export async function startScreenedApi(
  redisUrl: string,
  safety: SafetyParts,
  settings: Readonly<Record<string, string>> = {},
  logLines: string[] = [],
): Promise<ApiRole> {
  const port = await freePort();
  return startApiRole({
    config: quickConfig(redisUrl, { port: String(port), ...settings }),
    redisUrl,
    safety,
    log: createLogger({
      level: 'debug',
      role: 'api',
      instance: 'test',
      version: '0',
      destination: { write: (line) => void logLines.push(line) },
    }),
    metrics: createMetrics({ role: 'api', version: '0' }),
  });
}
