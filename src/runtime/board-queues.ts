import { Queue } from 'bullmq';
import { deadLetterQueue, mailboxQueue } from '../coordination/keys.ts';
import type { MessageCoordinator } from '../coordination/messages/coordinator.ts';
import type { Core } from './core.ts';

/** More than anybody looks through; the board counts the jobs of every queue it shows. */
const MOST_MAILBOXES = 250;

export interface BoardQueues {
  /** The queues of all mailboxes as they are now, and those of their dead letters. Errors: redis_unavailable */
  list(): Promise<readonly Queue[]>;
  close(): Promise<void>;
}

/** Mailboxes come and go: they are looked up in the set of mailboxes, and opened for Bull Board once. */
export function createBoardQueues(
  { bull, config, log }: Pick<Core, 'bull' | 'config' | 'log'>,
  coordinator: Pick<MessageCoordinator, 'listMailboxes'>,
): BoardQueues {
  const opened = new Map<string, Queue>();
  const open = (name: string): Queue => {
    const prefix = config.redis.key_prefix;
    const queue =
      opened.get(name) ?? new Queue(name, { connection: bull, prefix, skipWaitingForReady: true });
    if (!opened.has(name)) {
      queue.on('error', (error) => log.debug({ queue: name, err: error }, 'a mailbox has an error'));
      opened.set(name, queue);
    }
    return queue;
  };
  return {
    async list() {
      const agents = (await coordinator.listMailboxes()).slice(0, MOST_MAILBOXES);
      return agents.flatMap((agent) => [open(mailboxQueue(agent)), open(deadLetterQueue(agent))]);
    },
    async close() {
      await Promise.allSettled([...opened.values()].map((queue) => queue.close()));
      opened.clear();
    },
  };
}
