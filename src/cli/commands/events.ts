import type { Command } from 'commander';
import { longAgentType } from '../../contracts/agent-type.ts';
import {
  FLEET_EVENT_TYPES,
  type FleetEventFilter,
  type FleetEventType,
} from '../../contracts/fleet-event.ts';
import { usageError, type CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { wholeNumber } from '../input-values.ts';
import type { Register } from '../program.ts';
import { fleetEventLine } from '../render/fleet-events.ts';

interface ChoiceOptions {
  readonly type?: readonly string[];
  readonly agentType?: readonly string[];
  readonly agent?: readonly string[];
  readonly since?: string;
}
interface ListOptions extends ChoiceOptions {
  readonly limit: number;
}

export const registerEvents: Register = (program, run) => {
  const group = program.command('events').description('what happened to agents and circuit breakers');
  choice(group.command('list', { isDefault: true }).description('the newest ones, the oldest of them first'))
    .option('--since <event_id>', 'those after this one; 0 from the first that is kept')
    .option('--limit <n>', 'at most so many', wholeNumber(1, 500), 50)
    .action(run<[], ListOptions>(list));
  choice(group.command('tail').description('follow what happens from now on'))
    .option('--since <event_id>', 'first what happened after this one')
    .action(run<[], ChoiceOptions>(tail));
};

function choice(command: Command): Command {
  return command
    .option('--type <type...>', `only these: ${FLEET_EVENT_TYPES.join(', ')}`)
    .option('--agent-type <type...>', 'only of agents of these types')
    .option('--agent <agent...>', 'only of these agents, as type:instance');
}

async function list(context: CommandContext, _: [], options: ListOptions): Promise<number> {
  const filter = filterOf(options);
  const after = sinceOf(options);
  await using fleet = await context.fleet();
  const { items } = await fleet.operations.listFleetEvents(filter, { ...after, limit: options.limit });
  context.out.result(items, () =>
    items.length === 0 ? ['no events'] : items.map((event) => fleetEventLine(event, context.out.paint)),
  );
  return EXIT.ok;
}

async function tail(context: CommandContext, _: [], options: ChoiceOptions): Promise<number> {
  const { out, signal } = context;
  const filter = filterOf(options);
  const after = sinceOf(options);
  await using fleet = await context.fleet();
  for await (const event of fleet.operations.fleetEvents(filter, { ...after, signal })) {
    if (event.event_type === 'gap') out.warn(`events after ${event.from_id} are not kept any more`);
    else out.item(event, fleetEventLine(event, out.paint));
  }
  return EXIT.ok;
}

/** Who asks for agents means events of agents. */
function filterOf({ type, agentType, agent }: ChoiceOptions): FleetEventFilter {
  const unknown = type?.find((name) => !FLEET_EVENT_TYPES.includes(name as FleetEventType));
  if (unknown !== undefined) {
    throw usageError(`--type: expected ${FLEET_EVENT_TYPES.join(' or ')}, got "${unknown}"`);
  }
  return {
    ...(type !== undefined && { eventTypes: type as FleetEventType[] }), // looked at above
    ...(agentType !== undefined && { agentTypes: agentType.map(longAgentType) }),
    ...(agent !== undefined && { agentIds: agent.map(longAgentId) }),
    strict: agentType !== undefined || agent !== undefined,
  };
}

function longAgentId(text: string): string {
  const [type = '', instance = 'default', ...rest] = text.split(':');
  if (type === '' || rest.length > 0) throw usageError(`--agent: expected <type>:<instance>, got "${text}"`);
  return `${longAgentType(type)}:${instance}`;
}

function sinceOf({ since }: ChoiceOptions): { after?: string } {
  if (since === undefined) return {};
  if (!/^\d{1,20}(-\d{1,20})?$/.test(since)) {
    throw usageError(`--since: expected the id of an event like 1718000000000-0, got "${since}"`);
  }
  return { after: since };
}
