import { InvalidArgumentError } from 'commander';
import { AgentNameInput } from '../../contracts/agent-type.ts';
import { nearest } from '../../kernel/suggest.ts';
import { usageError } from '../context.ts';
import { wholeNumber } from '../input-values.ts';
import { WORKER_QUEUES, type Role, type WorkerQueue } from '../ports.ts';
import type { Register } from '../program.ts';
import { runServingRole } from '../serving.ts';

interface WorkerOptions {
  readonly concurrency?: number;
  readonly instance?: string;
  readonly module?: readonly string[];
}

export const registerWorker: Register = (program, run) => {
  program
    .command('worker')
    .description('work on queues until SIGTERM or SIGINT')
    .argument(
      '[agents...]',
      `${WORKER_QUEUES.join(', ')} or all (flow also serves maintenance)`,
      collectQueues,
    )
    .option('--concurrency <n>', 'jobs at once, per queue', wholeNumber(1, 1000))
    .option('--instance <name>', 'name of this worker, and of its agent', instanceName)
    .option('--module <file...>', 'run the agents that these modules export by default')
    .action(
      run<[Set<WorkerQueue>], WorkerOptions>(async (context, [given], { concurrency, instance, module }) => {
        // Commander gives an empty list where there is none.
        const queues = new Set(given);
        if (queues.size === 0 && module === undefined)
          throw usageError(`expected ${WORKER_QUEUES.join(', ')}, all, or --module <file>`);
        const role: Role = {
          kind: 'worker',
          agents: WORKER_QUEUES.filter((queue) => queues.has(queue)),
          ...(concurrency !== undefined && { concurrency }),
          ...(instance !== undefined && { instance }),
          ...(module !== undefined && { modules: module }),
        };
        return runServingRole(context, role, await context.loadConfigWithRedis());
      }),
    );
};

/** Commander calls this once per word; both spellings of an agent are accepted, repetitions count once. */
function collectQueues(word: string, before: Set<WorkerQueue> | undefined): Set<WorkerQueue> {
  const queues = new Set(before);
  if (word === 'all') return new Set(WORKER_QUEUES);
  if (word === 'flow' || word === 'safety') return queues.add(word);
  const agent = AgentNameInput.safeParse(word);
  if (agent.success) return queues.add(agent.data);
  const known = [...WORKER_QUEUES, 'all'];
  const suggestion = nearest(word, known);
  throw new InvalidArgumentError(
    `expected ${known.join(', ')}${suggestion === undefined ? '.' : `; did you mean "${suggestion}"?`}`,
  );
}

function instanceName(text: string): string {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(text)) {
    throw new InvalidArgumentError('expected 1 to 64 letters, digits, "_" or "-".');
  }
  return text;
}
