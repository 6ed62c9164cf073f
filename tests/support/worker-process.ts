import { main } from '../../src/cli/main.ts';
import type { CliPorts } from '../../src/cli/ports.ts';
import { productPorts } from '../../src/cli/product-ports.ts';
import { createFleetLog, instanceName } from '../../src/runtime/fleet-log.ts';
import { createMetrics } from '../../src/observability/metrics.ts';
import { requireRedisUrl } from '../../src/runtime/redis-url.ts';
import { workedQueues } from '../../src/runtime/run-role.ts';
import { startWorkerRole, type WorkerRoleOptions } from '../../src/runtime/worker-role.ts';

/** The command line of the product whose workers have other agents or another catalog. Only `worker` is served. */
export async function serveWorkers(parts: Pick<WorkerRoleOptions, 'agents' | 'catalog'>): Promise<void> {
  const runRole: CliPorts['runRole'] = async (role, config, { signal, onReady }) => {
    if (role.kind !== 'worker') throw new RangeError('only workers are odd');
    const instance = instanceName(role.instance);
    const redisUrl = requireRedisUrl(config);
    const worker = await startWorkerRole({
      config,
      redisUrl,
      log: createFleetLog(config, 'worker', instance),
      metrics: createMetrics({ role: 'worker', version: '0' }),
      queues: workedQueues(role.agents),
      instance,
      ...parts,
    });
    onReady({ redisUrl, roles: role.agents });
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    await worker.stop();
    return 0;
  };

  process.exitCode = await main(process.argv.slice(2), {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    ports: { ...productPorts, runRole },
    signals: process,
    exit: (code) => process.exit(code),
  });
  setTimeout(() => process.exit(), 2000).unref();
}
