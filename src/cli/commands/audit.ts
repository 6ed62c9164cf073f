import type { AgentId } from '../../coordination/models/agent-id.ts';
import { agentName } from '../agent-name.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { wholeNumber } from '../input-values.ts';
import type { Register } from '../program.ts';
import { messageAuditTable } from '../render/message-audit.ts';

interface MessagesOptions {
  readonly message?: string;
  readonly agent?: string;
  readonly limit: number;
}

export const registerAudit: Register = (program, run) => {
  const group = program.command('audit').description('what was done, and what became of it');
  group
    .command('messages')
    .description('what happened to messages between agents, newest first; never what was in them')
    .option('--message <message_id>', 'only this message')
    .option('--agent <agent>', 'only messages from or to this agent, as type or type:instance')
    .option('--limit <n>', 'at most so many', wholeNumber(1, 500), 50)
    .action(run<[], MessagesOptions>(messages));
};

async function messages(
  context: CommandContext,
  _: [],
  { message, agent, limit }: MessagesOptions,
): Promise<number> {
  const chosen: AgentId | undefined = agent === undefined ? undefined : agentName(agent, '--agent');
  await using access = await context.messages();
  const entries = await access.operations.messageAudit({
    limit,
    ...(message !== undefined && { messageId: message }),
    ...(chosen !== undefined && { agent: chosen }),
  });
  context.out.result(entries, () =>
    entries.length === 0 ? ['no entries'] : messageAuditTable(entries, context.out),
  );
  return EXIT.ok;
}
