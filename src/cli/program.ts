import type { Command } from 'commander';
import { registerAgents } from './commands/agents.ts';
import { registerApi } from './commands/api.ts';
import { registerBreakers } from './commands/breakers.ts';
import { registerCapabilities } from './commands/capabilities.ts';
import { registerConfig } from './commands/config.ts';
import { registerCosts } from './commands/costs.ts';
import { registerDefinitions } from './commands/definitions.ts';
import { registerDemo } from './commands/demo.ts';
import { registerDev } from './commands/dev.ts';
import { registerDlq } from './commands/dlq.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerAudit } from './commands/audit.ts';
import { registerEnqueue } from './commands/enqueue.ts';
import { registerEvents } from './commands/events.ts';
import { registerKeys } from './commands/keys.ts';
import { registerMessages } from './commands/messages.ts';
import { registerMetrics } from './commands/metrics.ts';
import { registerMigrate } from './commands/migrate.ts';
import { registerPlay } from './commands/play.ts';
import { registerPrimitives } from './commands/primitives.ts';
import { registerQueues } from './commands/queues.ts';
import { registerRecover } from './commands/recover.ts';
import { registerRoute } from './commands/route.ts';
import { registerSafety } from './commands/safety.ts';
import { registerSchedules } from './commands/schedules.ts';
import { registerStatus } from './commands/status.ts';
import { registerSessions } from './commands/sessions.ts';
import { registerTurn } from './commands/turn.ts';
import { registerVersion } from './commands/version.ts';
import { registerWatch } from './commands/watch.ts';
import { registerWhy } from './commands/why.ts';
import { registerWorld } from './commands/world.ts';
import { registerWorkflows } from './commands/workflows.ts';
import { registerWorkflowCheck } from './commands/workflows-check.ts';
import { registerWorkflowRollback } from './commands/workflows-rollback.ts';
import { registerWorker } from './commands/worker.ts';
import type { CommandContext } from './context.ts';
import { FleetCommand } from './fleet-command.ts';

/** The body of a command: gets its arguments and its own options, returns the exit code. */
export type CommandBody<A extends readonly unknown[], O> = (
  context: CommandContext,
  args: A,
  options: O,
) => Promise<number>;

/** Turns a body into what commander calls. */
export type Runner = <A extends readonly unknown[], O>(
  body: CommandBody<A, O>,
) => (...given: unknown[]) => Promise<void>;

export type Register = (program: Command, run: Runner) => void;

/** In the order of `ao --help`. */
const COMMANDS: readonly Register[] = [
  registerDemo,
  registerDev,
  registerApi,
  registerWorker,
  registerPlay,
  registerTurn,
  registerWorld,
  registerSessions,
  registerEnqueue,
  registerWatch,
  registerWhy,
  registerWorkflows,
  registerSchedules,
  registerPrimitives,
  registerDefinitions,
  registerWorkflowRollback,
  registerWorkflowCheck,
  registerCosts,
  registerStatus,
  registerQueues,
  registerAgents,
  registerRoute,
  registerCapabilities,
  registerBreakers,
  registerDlq,
  registerMessages,
  registerEvents,
  registerAudit,
  registerRecover,
  registerMigrate,
  registerDoctor,
  registerConfig,
  registerSafety,
  registerKeys,
  registerMetrics,
  registerVersion,
];

/** The whole command line, ready to parse. */
export function buildProgram(run: Runner): FleetCommand {
  const program = new FleetCommand('ao');
  program
    .description('Runs AI agents as durable workflows on BullMQ and Redis')
    .option('--config <file>', 'configuration file (YAML or JSON)')
    .option('--redis-url <url>', 'Redis to talk to')
    .option('--api-url <url>', 'talk to this HTTP API instead of Redis')
    .option('--api-key <key>', 'key for --api-url')
    .option('--prefix <prefix>', 'key prefix of the fleet in Redis')
    .option('--json', 'one JSON document on stdout (NDJSON for streams); all else on stderr')
    .option('--quiet', 'no remarks on stderr')
    .option('--no-color', 'no colours (NO_COLOR is honoured too)')
    .addHelpText(
      'after',
      '\nExit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 not allowed, 5 timeout,\n' +
        '            69 backend unavailable, 78 configuration, 130 interrupted\n',
    );
  for (const register of COMMANDS) register(program, run);
  return program;
}
