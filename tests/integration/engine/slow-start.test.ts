import { afterAll, beforeAll, expect, test } from 'vitest';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { createLogger } from '../../../src/observability/logger.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';
import { operateFleet } from '../../../src/runtime/operate-fleet.ts';
import { quickConfig } from '../../../src/testing/settings.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

/** Longer than a command may take that somebody waits for. */
const BUSY_MS = 1_700;

test('a process that is busy for seconds right after it has connected accepts runs all the same', async () => {
  const about = { role: 'test', instance: 'test', version: '0' };
  const fleet = await operateFleet({
    // As in production: nothing of the start waits for Redis after it has connected.
    config: quickConfig(redis.url, { 'safety.hmac_secret': 'a secret of at least thirty-two bytes' }),
    redisUrl: redis.url,
    safety: null,
    log: createLogger({ ...about, level: 'error', destination: { write: () => undefined } }),
    metrics: createMetrics(about),
  });
  try {
    const until = performance.now() + BUSY_MS;
    while (performance.now() < until);
    const items = [{ input: { text: 'look around' } }];
    const [started] = await fleet.operations.startRuns(
      'input_processing',
      { items, atomic: false },
      LOCAL_OPERATOR,
    );
    expect(started).toEqual({ index: 0, runId: expect.any(String) });
  } finally {
    await fleet.close();
  }
});
