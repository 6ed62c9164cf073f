import { mkdirSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { sleep } from '../../kernel/abort.ts';
import { FleetError, isFleetError } from '../../kernel/errors.ts';
import { claimDataDir, type DataDirClaim } from './data-dir.ts';
import { findRedisServer, redisMissing } from './find-server.ts';
import { spawnGuarded, type GuardedProcess } from './guarded-process.ts';
import { pidOfRedisAt } from './probe.ts';

// The life of a private Redis:
// 1. Claim the data dir, so that no second server writes there.
// 2. Start the server under a guard that ends it when this process ends, however that happens.
// 3. Ready when PING is answered by exactly this server; a taken port is given up for another when it was free-choice.
// 4. stop(): ask the server to save and leave, then release the data dir.

/** Loading a large append-only file takes its time. */
const READY_WITHIN_MS = 60_000;
const PORT_ATTEMPTS = 5;

export interface EmbeddedRedisOptions {
  /** Created when missing. Holds the data, redis.log and the claim. */
  readonly dataDir: string;
  /** 0 or left out: any free port. */
  readonly port?: number;
  /** true: append-only file, synced every second. false: nothing survives a stop. */
  readonly persistent: boolean;
  /** A command or path to start, default {@link findRedisServer}. */
  readonly serverCommand?: string;
}

export interface EmbeddedRedis extends AsyncDisposable {
  /** redis://127.0.0.1:<port>/0 */
  readonly url: string;
  readonly port: number;
  /** Process id of the server; another one after restart(). */
  readonly pid: number;
  /** Graceful end of the server. May be called twice. */
  stop(): Promise<void>;
  /** Graceful end, then a new server on the same port and data. Also brings it back after kill(). */
  restart(): Promise<void>;
  /** SIGKILL, as a crash would be; the data dir stays claimed. */
  kill(): Promise<void>;
}

/**
 * Starts a Redis for this process alone, on 127.0.0.1, without eviction. It never outlives this process.
 *
 * Errors: redis_missing (unavailable), data_dir_in_use (conflict), redis_port_in_use (conflict),
 *         redis_start_failed (unavailable) with the end of the server's log
 */
export async function startEmbeddedRedis(options: EmbeddedRedisOptions): Promise<EmbeddedRedis> {
  const command = options.serverCommand ?? findRedisServer();
  if (command === null) throw redisMissing();
  const dataDir = resolve(options.dataDir);
  mkdirSync(dataDir, { recursive: true });

  const claim = await claimDataDir(dataDir);
  try {
    const launch: Launch = { command, dataDir, persistent: options.persistent, claim };
    return handleOf(
      launch,
      options.port ? await launchOn(options.port, launch) : await launchAnywhere(launch),
    );
  } catch (error) {
    claim.release();
    throw error;
  }
}

interface Launch {
  readonly command: string;
  readonly dataDir: string;
  readonly persistent: boolean;
  readonly claim: DataDirClaim;
}

interface Server {
  readonly port: number;
  readonly process: GuardedProcess;
}

function handleOf(launch: Launch, first: Server): EmbeddedRedis {
  const { port } = first;
  let server = first;
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= server.process.stop().then(() => launch.claim.release()));
  return {
    url: `redis://127.0.0.1:${port}/0`,
    port,
    get pid() {
      return server.process.pid;
    },
    stop,
    async restart() {
      await server.process.stop();
      launch.claim.record(null);
      server = await launchOn(port, launch);
    },
    async kill() {
      await server.process.kill();
      launch.claim.record(null);
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** Between choosing a free port and binding it somebody else may take it. */
async function launchAnywhere(launch: Launch): Promise<Server> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await launchOn(await freePort(), launch);
    } catch (error) {
      const taken = isFleetError(error) && error.code === 'redis_port_in_use';
      if (!taken || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

async function launchOn(port: number, launch: Launch): Promise<Server> {
  const logFile = join(launch.dataDir, 'redis.log');
  const child = await spawnGuarded([launch.command, ...serverArguments(port, launch)], logFile);
  const deadline = Date.now() + READY_WITHIN_MS;
  // Another server may answer on a taken port, so the answer must come from our own process.
  while ((await pidOfRedisAt(port)) !== child.pid) {
    if (child.hasExited()) throw startFailure(port, logFile);
    if (Date.now() > deadline) {
      await child.kill();
      throw startFailure(port, logFile);
    }
    await sleep(20);
  }
  launch.claim.record({ pid: child.pid, port });
  return { port, process: child };
}

function serverArguments(port: number, { dataDir, persistent }: Launch): string[] {
  const settings: Record<string, string> = {
    bind: '127.0.0.1',
    port: String(port),
    'protected-mode': 'yes',
    dir: dataDir,
    save: '',
    appendonly: persistent ? 'yes' : 'no',
    appendfsync: 'everysec',
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}

function startFailure(port: number, logFile: string): FleetError {
  const lastLines = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-4).join('\n');
  if (/Address already in use/i.test(lastLines)) {
    return new FleetError({
      code: 'redis_port_in_use',
      kind: 'conflict',
      message: `port ${port} on 127.0.0.1 is taken; stop what listens there or choose another port`,
      details: { port },
    });
  }
  return new FleetError({
    code: 'redis_start_failed',
    kind: 'unavailable',
    message: `the private Redis did not start; the end of ${logFile}:\n${lastLines}`,
    details: { port, logFile },
  });
}

async function freePort(): Promise<number> {
  const { promise, resolve: listening, reject } = Promise.withResolvers<void>();
  const server = createServer().once('error', reject).listen(0, '127.0.0.1', listening);
  await promise;
  // Listening on TCP, so the address is not a pipe name.
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
