import { randomUUID } from 'node:crypto';
import { Option } from 'commander';
import type { MailboxView } from '../../coordination/messages/operations.ts';
import type { AgentMessageInput } from '../../coordination/models/message.ts';
import { agentName } from '../agent-name.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { readJsonInput } from '../input-values.ts';
import type { Register } from '../program.ts';
import { mailboxLines, mailboxTable, sentLines } from '../render/mailboxes.ts';

const PRIORITIES = { low: 1, normal: 5, high: 9 } as const;
const TYPES = ['request', 'response', 'event'] as const;

interface SendOptions {
  readonly payload: string;
  readonly from: string;
  readonly type: (typeof TYPES)[number];
  readonly priority: keyof typeof PRIORITIES;
  readonly id?: string;
  readonly topic?: string;
  readonly tag?: readonly string[];
}

export const registerMessages: Register = (program, run) => {
  const group = program.command('messages').description('messages between agents, and their mailboxes');
  group
    .command('list', { isDefault: true })
    .description('all mailboxes with what is in them')
    .action(run<[], object>(list));
  group
    .command('show')
    .description('one mailbox')
    .argument('<agent>', 'type:instance, or type for the mailbox that the type shares')
    .action(run<[string], object>(show));
  group
    .command('send')
    .description('send a message to an agent')
    .argument('<agent>', 'type:instance, or type for the mailbox that the type shares')
    .option('--payload <json>', 'JSON object, @file, or - for standard input', '{}')
    .option('--from <agent>', 'who sends it', 'operator')
    .addOption(new Option('--type <type>', 'what it is').choices(TYPES).default('event'))
    .addOption(
      new Option('--priority <class>', 'before or after others')
        .choices(Object.keys(PRIORITIES))
        .default('normal'),
    )
    .option('--id <message_id>', 'choose the id; sending it again is safe')
    .option('--topic <topic>', 'what it is about')
    .option('--tag <tag...>', 'what it is about, in more words')
    .action(run<[string], SendOptions>(send));
};

async function list(context: CommandContext): Promise<number> {
  await using messages = await context.messages();
  const mailboxes: MailboxView[] = [];
  let after: string | null = null;
  do {
    const page: { items: MailboxView[]; next: string | null } = await messages.operations.listMailboxes({
      limit: 100,
      ...(after !== null && { after }),
    });
    mailboxes.push(...page.items);
    after = page.next;
  } while (after !== null);
  context.out.result(mailboxes, () =>
    mailboxes.length === 0 ? ['no mailboxes'] : mailboxTable(mailboxes, context.out),
  );
  return EXIT.ok;
}

async function show(context: CommandContext, [agent]: [string]): Promise<number> {
  const chosen = agentName(agent, '<agent>');
  await using messages = await context.messages();
  const mailbox = await messages.operations.getMailbox(chosen);
  context.out.result(mailbox, () => mailboxLines(mailbox));
  return EXIT.ok;
}

async function send(context: CommandContext, [to]: [string], options: SendOptions): Promise<number> {
  const message: AgentMessageInput = {
    message_id: options.id ?? `msg-${randomUUID()}`,
    sender: agentName(options.from, '--from'),
    recipient: agentName(to, '<agent>'),
    message_type: options.type,
    priority: PRIORITIES[options.priority],
    // Whether it is an object of plain JSON, the schema of messages says.
    payload: (await readJsonInput(options.payload, context.stdin)) as NonNullable<
      AgentMessageInput['payload']
    >,
    routing: { topic: options.topic ?? null, tags: [...(options.tag ?? [])] },
  };
  await using messages = await context.messages();
  const result = await messages.operations.sendMessage(message);
  context.out.result(result, () => sentLines(result));
  return EXIT.ok;
}
