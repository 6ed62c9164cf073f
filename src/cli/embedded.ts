import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../config/schema.ts';
import type { CommandContext } from './context.ts';
import { demoFolder } from './dev-state.ts';

/**
 * Something done at a Redis of its own, which goes away with everything in it. A Redis that was named is used
 * instead, with keys of our own.
 *
 * @param settings  key path to value, over what is configured
 */
export async function withOwnRedis<T>(
  context: CommandContext,
  use: (config: Config) => Promise<T>,
  settings: Readonly<Record<string, string>> = {},
): Promise<T> {
  const { redisUrl } = context.globals;
  if (redisUrl !== undefined) return use(ownConfig(context, redisUrl, settings));
  const folder = demoFolder(context.stateDir);
  try {
    const redis = await context.ports.startRedis({ dataDir: join(folder.path, 'redis'), persistent: false });
    try {
      return await use(ownConfig(context, redis.url, settings));
    } finally {
      await redis.stop();
    }
  } finally {
    await rm(folder.path, { recursive: true, force: true });
  }
}

/** A development fleet that disturbs no other, and whose log does not stand between the command's own words. */
function ownConfig(
  context: CommandContext,
  redisUrl: string,
  settings: Readonly<Record<string, string>>,
): Config {
  return context.loadConfig({
    ...settings,
    environment: 'development',
    port: '0',
    'http.host': '127.0.0.1',
    'metrics.port': '0',
    'redis.url': redisUrl,
    'redis.key_prefix': context.globals.prefix ?? `demo-${process.pid}`,
    'log.level': 'silent',
  });
}
