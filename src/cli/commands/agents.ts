import { Option } from 'commander';
import { LOCAL_OPERATOR } from '../../contracts/caller.ts';
import { AGENT_STATUSES, type AgentStatus, type AskedOfAgent } from '../../coordination/agents/operations.ts';
import type { AgentId } from '../../coordination/models/agent-id.ts';
import { agentName } from '../agent-name.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { CliAgentOperations } from '../ports.ts';
import type { Register } from '../program.ts';
import { agentLines, agentTable, askedLines } from '../render/agents.ts';

interface ListOptions {
  readonly type?: string;
  readonly status?: AgentStatus;
}

interface ReasonOptions {
  readonly reason?: string;
}

export const registerAgents: Register = (program, run) => {
  const group = program.command('agents').description('who is there, and how they are doing');
  group
    .command('list', { isDefault: true })
    .description('all agents, the silent ones and those that are not registered included')
    .option('--type <type>', 'only agents of this type')
    .addOption(new Option('--status <status>', 'only agents in this status').choices(AGENT_STATUSES))
    .action(run<[], ListOptions>(list));
  group
    .command('show')
    .description('one agent with everything that is known of it')
    .argument('<agent>', 'type:instance')
    .action(run<[string], object>(show));
  const verbs = {
    drain: 'let it finish what it has in hand, and take nothing more',
    restart: 'start it anew in its process',
    degrade: 'route no messages to it until that is taken back',
    undegrade: 'route messages to it again',
  } as const;
  for (const [name, description] of Object.entries(verbs) as [keyof typeof verbs, string][]) {
    const command = group.command(name).description(description).argument('<agent>', 'type:instance');
    if (name !== 'undegrade') command.option('--reason <text>', 'kept with the event that tells of it');
    command.action(
      run<[string], ReasonOptions>((context, args, options) => ask(context, name, args, options)),
    );
  }
};

async function list(context: CommandContext, _: [], { type, status }: ListOptions): Promise<number> {
  await using fleet = await context.fleet();
  const agents = await fleet.operations.listAgents({
    ...(type !== undefined && { type }),
    ...(status !== undefined && { status }),
  });
  context.out.result(agents, () => (agents.length === 0 ? ['no agents'] : agentTable(agents, context.out)));
  return EXIT.ok;
}

async function show(context: CommandContext, [agent]: [string]): Promise<number> {
  const chosen = agentName(agent, '<agent>');
  await using fleet = await context.fleet();
  const found = await fleet.operations.getAgent(chosen);
  context.out.result(found, () => agentLines(found));
  return EXIT.ok;
}

async function ask(
  context: CommandContext,
  verb: 'drain' | 'restart' | 'degrade' | 'undegrade',
  [agent]: [string],
  { reason }: ReasonOptions,
): Promise<number> {
  const chosen = agentName(agent, '<agent>');
  await using fleet = await context.fleet();
  const asked = await asking(fleet.operations, verb, chosen, reason === undefined ? {} : { reason });
  context.out.result(asked, () => askedLines(asked));
  return EXIT.ok;
}

function asking(
  operations: CliAgentOperations,
  verb: 'drain' | 'restart' | 'degrade' | 'undegrade',
  agent: AgentId,
  request: ReasonOptions,
): Promise<AskedOfAgent> {
  switch (verb) {
    case 'drain':
      return operations.drainAgent(agent, request, LOCAL_OPERATOR);
    case 'restart':
      return operations.restartAgent(agent, request, LOCAL_OPERATOR);
    case 'degrade':
      return operations.degradeAgent(agent, request);
    case 'undegrade':
      return operations.undegradeAgent(agent);
  }
}
