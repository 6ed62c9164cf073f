import { createFleetLog } from '../runtime/fleet-log.ts';
import { openCore } from '../runtime/core.ts';
import { VERSION } from '../runtime/version.ts';
import { localAgents, workOn, type WorkerRole } from '../runtime/worker-role.ts';
import { toFleetError } from '../kernel/errors.ts';
import { createMetrics } from '../observability/metrics.ts';
import { loadPlans } from './load-plans.ts';
import { momentOf, type Moment, type ProcessRole } from './kill-points.ts';
import { quickConfig } from './settings.ts';
import { watchAgents, watchCore, watchHandlers } from './watch-core.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';

// One process of a harness's fleet. Its life:
// 1. "start": the workers of its role, with the definitions of the module, every moment watched; it answers "ready".
// 2. "arm": at the moment meant it sends itself the signal, once.
// 3. "stop" drains it. Whoever started it being gone ends it at once, as nobody would.

type Start = Extract<ToWorker, { type: 'start' }>;
type Arm = Extract<ToWorker, { type: 'arm' }>;

interface Armed extends Pick<Arm, 'id' | 'signal'> {
  readonly isNow: (moment: Moment) => boolean;
}

/** The signal is sent to the whole process; this thread must not go on before it arrives. */
const ARRIVES_WITHIN_MS = 100;

const armed = new Set<Armed>();
let role: ProcessRole | undefined;
let workers: WorkerRole | undefined;

process.on('message', (message) => void obey(message as ToWorker));
process.on('disconnect', () => process.exit());

async function obey(message: ToWorker): Promise<void> {
  switch (message.type) {
    case 'start':
      return start(message);
    case 'arm':
      return arm(message);
    case 'stop':
      await workers?.stop();
      process.exit(0);
  }
}

async function start({ queues, instance, redisUrl, settings, plans, ...message }: Start): Promise<void> {
  role = message.role;
  const config = quickConfig(redisUrl, settings);
  const definitions = (await loadPlans(plans)).map((definition) => watchHandlers(definition, watch));
  const core = await openCore({
    config,
    redisUrl,
    log: createFleetLog(config, 'worker', instance),
    metrics: createMetrics({ role: 'worker', version: VERSION }),
    plans: definitions,
    onOutage: 'patient',
  });
  const agents = watchAgents(localAgents(), watch);
  workers = await workOn(watchCore(core, watch), { queues, instance, agents });
  await tell({ type: 'ready' });
}

async function arm({ id, point, signal }: Arm): Promise<void> {
  try {
    armed.add({ id, signal, isNow: momentOf(role!, point) });
    await tell({ type: 'armed', id });
  } catch (error) {
    const { message } = toFleetError(error);
    await tell({ type: 'refused', id, message });
  }
}

async function watch(moment: Moment): Promise<void> {
  for (const trap of armed) {
    if (!trap.isNow(moment)) continue;
    armed.delete(trap);
    if (trap.signal === 'SIGSTOP') await tell({ type: 'reached', id: trap.id });
    process.kill(process.pid, trap.signal);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ARRIVES_WITHIN_MS);
  }
}

function tell(message: FromWorker): Promise<void> {
  return new Promise((resolve) => process.send!(message, () => resolve()));
}
