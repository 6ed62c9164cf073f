import type { NgaInput } from '../../src/contracts/narrative.ts';
import { main } from '../../src/cli/main.ts';
import type { CliPorts } from '../../src/cli/ports.ts';
import { productPorts } from '../../src/cli/product-ports.ts';
import { createFleetLog, instanceName } from '../../src/runtime/fleet-log.ts';
import { createMetrics } from '../../src/observability/metrics.ts';
import { requireRedisUrl } from '../../src/runtime/run-role.ts';
import { startWorkerRole } from '../../src/runtime/worker-role.ts';
import { agentsWith, untilAbort } from './harness.ts';

/**
 * The command line of the product with a narrator that obeys the player: at "hang" it never answers, at "die" it
 * takes its process with it. Only `worker` is served.
 */
const agents = agentsWith({
  async nga(input, ctx, agent) {
    const { player_text: text } = input as NgaInput;
    if (text.includes('die')) process.kill(process.pid, 'SIGKILL');
    if (text.includes('hang')) return untilAbort(ctx.signal);
    return agent.run(input, ctx);
  },
});

const runRole: CliPorts['runRole'] = async (role, config, { signal, onReady }) => {
  if (role.kind !== 'worker') throw new RangeError('only workers are odd');
  const instance = instanceName(role.instance);
  const redisUrl = requireRedisUrl(config);
  const worker = await startWorkerRole({
    config,
    redisUrl,
    log: createFleetLog(config, 'worker', instance),
    metrics: createMetrics({ role: 'worker', version: '0' }),
    queues: role.agents,
    instance,
    agents,
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
