import { FleetError } from '../../kernel/errors.ts';
import { asking, askScript } from '../messages/availability.ts';
import type { MessagingCore } from '../messages/core.ts';
import { deadLetterId, finishDeadLetter } from '../messages/dead-letters.ts';
import { postCall } from '../messages/post.ts';
import { jobIdOf } from '../messages/token.ts';
import type { QueueMessage } from '../models/queue-message.ts';
import { migrateMessage } from '../scripts/migrate-message.ts';
import { asDeadLetter, digestOf, readOldEntry } from './old-entry.ts';
import { agentOf } from './old-layout.ts';
import { Tally, type Fate, type MigrationReport } from './report.ts';
import { entriesOf, obsoleteKeys, oldMailboxes, type SourceEntry } from './source.ts';

export interface TakeOverOptions {
  /** The key prefix of the original; ours may be the same. */
  readonly from: string;
  /** Look, and change nothing. Default false. */
  readonly dryRun?: boolean;
  /** Take over messages of which only the copy is left. Default false: some of them were handled. */
  readonly orphans?: boolean;
}

/**
 * Take over what waits in the layout of the original:
 *
 * 1. each message is posted under its own id and remembered by a digest, in one script
 * 2. each dead letter is added under an id made of its digest, then remembered
 * 3. the source stays as it is; see `remove-source.ts`
 *
 * So it may be killed anywhere and run again. Consumers of the original must have stopped: what they settle meanwhile
 * nobody here can see. Errors: redis_unavailable
 */
export async function takeOver(core: MessagingCore, options: TakeOverOptions): Promise<MigrationReport> {
  const { from, dryRun = false, orphans = false } = options;
  const tally = new Tally();
  for (const agent of await oldMailboxes(core.redis, from)) {
    let isFull = false;
    for (const entry of await entriesOf(core.redis, from, agent)) {
      const { kind, key, raw } = entry;
      const digest = digestOf(agent, raw, kind === 'dead_letter');
      const read = readOldEntry(agent, raw, core.settings());
      const told = {
        agent,
        key,
        kind,
        digest,
        message_id: read.isReadable ? read.queued.message.message_id : null,
        issues: read.isReadable ? [] : read.issues,
      };
      const fate: Fate = !read.isReadable
        ? 'corrupt'
        : await fateOf(core, entry, digest, read.queued, { from, dryRun, orphans, isFull });
      // What follows must not overtake it.
      isFull ||= fate === 'queue_full';
      tally.add(told, fate);
    }
  }
  const obsolete = await obsoleteKeys(core.redis, from);
  return tally.report({ from, to: core.keys.prefix, dry_run: dryRun, obsolete });
}

interface Circumstances extends Required<TakeOverOptions> {
  readonly isFull: boolean;
}

async function fateOf(
  core: MessagingCore,
  { kind, agent, isInFlight }: SourceEntry,
  digest: string,
  queued: QueueMessage,
  { from, dryRun, orphans, isFull }: Circumstances,
): Promise<Fate> {
  const ledger = core.keys.migrated(from);
  const isKnown = await asking(core.redis, 'look up', () => core.redis.hexists(ledger, digest));
  if (isKnown === 1) return 'moved_before';
  if (isInFlight) return 'in_flight';
  if (kind === 'orphan' && !orphans) return 'orphan';
  if (kind === 'dead_letter') {
    if (!dryRun) await buryAgain(core, agent, digest, queued, ledger);
    return 'moved';
  }
  if (isFull) return 'queue_full';
  return dryRun ? 'moved' : post(core, agent, digest, queued, ledger);
}

const LEFTOVER_ROUNDS = 50;

async function post(
  core: MessagingCore,
  agent: string,
  digest: string,
  queued: QueueMessage,
  ledger: string,
): Promise<Fate> {
  const recipient = agentOf(agent);
  for (let round = 0; ; round += 1) {
    const queue = await core.mailboxes.queue(recipient);
    const { keys, args } = postCall(core, recipient, queue, [{ queued, json: JSON.stringify(queued) }]);
    const answer = await askScript(core.redis, migrateMessage, [ledger, ...keys], [digest, agent, ...args]);
    switch (answer) {
      case 'sent':
      case 'unaudited':
        return 'moved';
      case 'migrated':
        return 'moved_before';
      case 'full':
        return 'queue_full';
      case 'duplicate':
        return 'id_taken';
      case 'failed':
        // The last message of this id becomes a dead letter at this moment.
        if (round === LEFTOVER_ROUNDS) return 'id_taken';
        await finishDeadLetter(core, recipient, jobIdOf(queued.message.message_id));
        break;
      default:
        throw new FleetError({
          code: 'script_failed',
          kind: 'internal',
          message: `Redis refused to take a message over: ${String(answer)}`,
        });
    }
  }
}

async function buryAgain(
  core: MessagingCore,
  agent: string,
  digest: string,
  queued: QueueMessage,
  ledger: string,
): Promise<void> {
  const letters = await core.mailboxes.deadLetters(agentOf(agent));
  const letter = asDeadLetter(queued, core.settings(), new Date().toISOString());
  await asking(core.redis, 'add dead letter', () => core.redis.sadd(core.keys.mailboxes(), agent));
  await asking(core.redis, 'add dead letter', () =>
    letters.add('dead-letter', letter, {
      jobId: deadLetterId(queued.enqueue_id),
      removeOnComplete: false,
      removeOnFail: false,
    }),
  );
  await asking(core.redis, 'remember', () => core.redis.hset(ledger, digest, agent));
}
