import { randomBytes } from 'node:crypto';
import { loadConfig } from '../../config/load.ts';
import type { Config } from '../../config/schema.ts';

/** Quick stalls and shutdowns, so that tests of dying workers take seconds. */
export const QUICK_SETTINGS: Readonly<Record<string, string>> = {
  environment: 'testing',
  'queues.lock_duration': '1',
  'queues.stalled_interval': '1',
  'workflow.timeout_check_interval_s': '0.5',
  'shutdown.grace': '4',
  'shutdown.drain_delay': '0',
};

/**
 * The configuration of a fleet for a test, by key path as on the command line: under a key prefix that nobody else
 * uses, whatever the environment says.
 */
export function quickConfig(redisUrl: string, settings: Readonly<Record<string, string>> = {}): Config {
  return loadConfig({
    env: {},
    overrides: {
      ...QUICK_SETTINGS,
      'redis.url': redisUrl,
      'redis.key_prefix': `t${randomBytes(6).toString('hex')}`,
      ...settings,
    },
  });
}

/** The Redis that `REDIS_URL` names; null when it names none. */
export function namedRedis(): string | null {
  return loadConfig().redis.url;
}
