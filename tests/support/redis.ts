import { randomBytes } from 'node:crypto';
import { acquireRedis as acquire, type TestRedis } from '../../src/testing/own-redis.ts';

export type { TestRedis };

/**
 * A Redis for one test file: the one REDIS_URL names, else a local server of its own, else a container.
 * Call it in beforeAll and dispose it in afterAll; keep tests apart with {@link testPrefix}.
 */
export const acquireRedis = acquire;

/** A key prefix nobody else uses, so that tests on one Redis do not see each other. */
export function testPrefix(): string {
  return `test-${randomBytes(6).toString('hex')}`;
}
