import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { FleetError } from '../../kernel/errors.ts';

/** Where scripts/bootstrap unpacks a Redis when the machine has none. Does not exist in an installed package. */
const PRIVATE_COPY = join(import.meta.dirname, '../../../.cache/redis/bin/redis-server');

/**
 * The command that starts a Redis server: the private copy of this clone, else redis-server, else valkey-server
 * on PATH, whichever first is Redis 6.2 or newer.
 *
 * @param candidates  other commands or paths to look at, instead of those three
 * @returns a path or a command name on PATH, or null when there is none
 */
export function findRedisServer(
  candidates: readonly string[] = [PRIVATE_COPY, 'redis-server', 'valkey-server'],
): string | null {
  return candidates.find(isRecentServer) ?? null;
}

/** The answer to a missing server: what is missing and the three ways to get it. */
export function redisMissing(): FleetError {
  return new FleetError({
    code: 'redis_missing',
    kind: 'unavailable',
    message: [
      'no Redis 6.2 or newer (or Valkey 8) found. Three ways to get one:',
      '  1. install it:     apt-get install redis-server   or   brew install redis',
      '  2. in a container: docker run -d -p 127.0.0.1:6379:6379 redis:7.2-alpine --appendonly yes --maxmemory-policy noeviction',
      '                     export AO_REDIS__URL=redis://127.0.0.1:6379/0',
      '  3. one that runs:  export AO_REDIS__URL=redis://host:6379/0',
    ].join('\n'),
  });
}

/** The server prints "Redis server v=7.2.4 sha=..." or "Valkey server v=8.0.1 ...". */
function isRecentServer(command: string): boolean {
  const { stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' });
  const [, major, minor] = /v=(\d+)\.(\d+)/.exec(stdout ?? '') ?? [];
  return Number(major) > 6 || (Number(major) === 6 && Number(minor) >= 2);
}
