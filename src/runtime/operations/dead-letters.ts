import type { DeadLetter as DeadLetterView, DeadLetterDetail } from '../../contracts/operator.ts';
import type { DeadLetterFilter, FleetOperations } from '../../contracts/operations.ts';
import { deadLetterQueue } from '../../coordination/keys.ts';
import type { MessageCoordinator } from '../../coordination/messages/coordinator.ts';
import { jobIdOf } from '../../coordination/messages/token.ts';
import { agentIdText, parseAgentIdText, type AgentIdInput } from '../../coordination/models/agent-id.ts';
import { FleetError } from '../../kernel/errors.ts';
import type { DeadLetterContext } from '../../workflows/dead-letters.ts';
import {
  byNewest,
  deadLetterNotFound,
  discardDeadLetter,
  fitsFilter,
  getDeadLetter,
  listDeadLetters,
  replayDeadLetter,
} from '../../workflows/dead-letters.ts';
import { toBackendError } from '../../redis/script.ts';
import { onDeadLetters } from './bulk-dead-letters.ts';
import { asked, fleetAgent, queueFull, unavailable, unknownOutcome } from './messages.ts';

type Entry = Awaited<ReturnType<MessageCoordinator['listDeadLetters']>>[number];
type DeadLetterOperations = Pick<
  FleetOperations,
  | 'listDeadLetters'
  | 'getDeadLetter'
  | 'replayDeadLetter'
  | 'discardDeadLetter'
  | 'replayDeadLetters'
  | 'discardDeadLetters'
>;

/** Of `dlq.<type>.<instance>`; queues of steps have no dots. */
const QUEUE = /^dlq\.([^.~]+)\.([^.~]+)$/;
const PAGE = 100;

/**
 * One view over what was given up: the exhausted jobs of queues, and the dead letters of mailboxes. The id says
 * which: it begins with the name of the queue, and those of mailboxes begin with `dlq.`.
 */
export function deadLetterOperations(
  workflows: DeadLetterContext,
  coordinator: MessageCoordinator,
): DeadLetterOperations {
  const letters = new MailboxLetters(workflows, coordinator);
  const list = async (filter: DeadLetterFilter): Promise<DeadLetterView[]> => {
    const ofMailboxes = filter.queue === undefined || QUEUE.test(filter.queue);
    const ofSteps = filter.queue === undefined || !ofMailboxes;
    const lists = await Promise.all([
      ofSteps ? listDeadLetters(workflows, filter) : [],
      ofMailboxes ? letters.list(filter) : [],
    ]);
    return lists.flat().toSorted(byNewest).slice(0, filter.limit);
  };
  const replay = (dlqId: string) => letters.at(dlqId)?.replay() ?? replayDeadLetter(workflows, dlqId);
  const discard = (dlqId: string) => letters.at(dlqId)?.discard() ?? discardDeadLetter(workflows, dlqId);
  return {
    listDeadLetters: list,
    getDeadLetter: (dlqId) => letters.at(dlqId)?.get() ?? getDeadLetter(workflows, dlqId),
    replayDeadLetter: replay,
    discardDeadLetter: discard,
    replayDeadLetters: (request) => onDeadLetters(list, request, guarded('replaying a dead letter', replay)),
    discardDeadLetters: (request) =>
      onDeadLetters(
        list,
        request,
        guarded('discarding a dead letter', async (dlqId) => ({ job_id: (await discard(dlqId)).job_id })),
      ),
  };
}

/** BullMQ's own errors as ours: what is no refusal means that Redis did not answer. */
function guarded<T>(what: string, act: (dlqId: string) => Promise<T>): (dlqId: string) => Promise<T> {
  return async (dlqId) => {
    try {
      return await act(dlqId);
    } catch (error) {
      throw toBackendError(error, what);
    }
  };
}

class MailboxLetters {
  readonly #workflows: DeadLetterContext;
  readonly #coordinator: MessageCoordinator;

  constructor(workflows: DeadLetterContext, coordinator: MessageCoordinator) {
    this.#workflows = workflows;
    this.#coordinator = coordinator;
  }

  /** Newest first. */
  async list(filter: DeadLetterFilter): Promise<DeadLetterView[]> {
    const one = filter.queue === undefined ? undefined : agentOf(filter.queue);
    const agents = await asked(async () => {
      const all = await this.#coordinator.listMailboxes();
      return one === undefined ? all : all.filter((agent) => agentIdText(agent) === agentIdText(one));
    });
    const pages = await Promise.all(agents.map((agent) => asked(() => this.#matching(agent, filter))));
    return pages.flat();
  }

  /**
   * Entries stand in the order in which they were made. What a crash left half done was made late, so a page more
   * than is needed is looked at before they are sorted by when they were given up.
   */
  async #matching(agent: AgentIdInput, filter: DeadLetterFilter): Promise<DeadLetterView[]> {
    const found: DeadLetterView[] = [];
    let isEnough = false;
    for (let offset = 0; ; offset += PAGE) {
      const options = { offset, limit: PAGE, newestFirst: true };
      const page = await this.#coordinator.listDeadLetters(agent, options);
      const views = await this.#views(agent, page);
      found.push(...views.filter((view) => fitsFilter(view, filter)));
      if (page.length < PAGE || isEnough) break;
      isEnough = found.length >= filter.limit;
    }
    return found.toSorted(byNewest).slice(0, filter.limit);
  }

  /** The entry of an id; undefined when it is none of a mailbox. */
  at(dlqId: string):
    | {
        get(): Promise<DeadLetterDetail>;
        replay(): Promise<{ job_id: string }>;
        discard(): Promise<DeadLetterView>;
      }
    | undefined {
    const cut = dlqId.indexOf('~');
    const agent = cut > 0 ? agentOf(dlqId.slice(0, cut)) : undefined;
    if (agent === undefined) return undefined;
    const id = dlqId.slice(cut + 1);
    return {
      get: () => asked(() => this.#get(agent, id, dlqId)),
      replay: () => asked(() => this.#replay(agent, id, dlqId)),
      discard: () => asked(() => this.#discard(agent, id, dlqId)),
    };
  }

  async #get(agent: AgentIdInput, id: string, dlqId: string): Promise<DeadLetterDetail> {
    const entry = await this.#entry(agent, id, dlqId);
    const [view] = await this.#views(agent, [entry]);
    const { history } = entry.letter;
    return {
      ...view!,
      data: entry.letter,
      stacktrace: history.map(({ at, failure, error }) => `${at} ${failure}: ${error}`),
    };
  }

  async #replay(agent: AgentIdInput, id: string, dlqId: string): Promise<{ job_id: string }> {
    const { letter } = await this.#entry(agent, id, dlqId);
    if (!('message' in letter)) {
      throw new FleetError({
        code: 'dead_letter_unreadable',
        kind: 'conflict',
        retryable: false,
        message: `dead letter "${dlqId}" is no message; it can only be discarded`,
      });
    }
    const result = await this.#coordinator.replay(agent, id);
    if (result === null) throw deadLetterNotFound(dlqId);
    const { store } = this.#workflows;
    if (result.error_code === 'queue_full') throw queueFull(agentIdText(agent));
    if (result.error_code === 'unknown_outcome') throw unknownOutcome();
    if (!result.delivered) throw unavailable();
    if (result.duplicate) {
      throw new FleetError({
        code: 'message_waiting',
        kind: 'conflict',
        message: `another message "${result.message_id}" is in the mailbox; the dead letter stays`,
      });
    }
    await store.redis.hincrby(store.keys.deadLetterReplays(), dlqId, 1);
    return { job_id: jobIdOf(result.message_id) };
  }

  async #discard(agent: AgentIdInput, id: string, dlqId: string): Promise<DeadLetterView> {
    const entry = await this.#entry(agent, id, dlqId);
    const [view] = await this.#views(agent, [entry]);
    if (!(await this.#coordinator.discard(agent, id))) throw deadLetterNotFound(dlqId);
    const { store } = this.#workflows;
    await store.redis.hdel(store.keys.deadLetterReplays(), dlqId);
    return view!;
  }

  /** Errors: dead_letter_not_found; nobody opens a queue by guessing its name. */
  async #entry(agent: AgentIdInput, id: string, dlqId: string): Promise<Entry> {
    const isKnown = await this.#coordinator.hasMailbox(agent);
    const entry = isKnown ? await this.#coordinator.readDeadLetter(agent, id) : null;
    if (entry === null) throw deadLetterNotFound(dlqId);
    return entry;
  }

  async #views(agent: AgentIdInput, entries: readonly Entry[]): Promise<DeadLetterView[]> {
    if (entries.length === 0) return [];
    const { store } = this.#workflows;
    const queue = deadLetterQueue(agent);
    const ids = entries.map(({ id }) => `${queue}~${id}`);
    const replays = await store.redis.hmget(store.keys.deadLetterReplays(), ...ids);
    return entries.map(({ id, letter }, index) => ({
      dlq_id: ids[index]!,
      queue,
      job_id: id,
      workflow_id: null,
      reason: letter.reason,
      error: ('last_error' in letter ? letter.last_error : null) ?? letter.reason,
      attempts: letter.attempts,
      first_failed_at: letter.history[0]?.at ?? null,
      dead_at: letter.dead_lettered_at,
      replays: Number(replays[index] ?? 0),
    }));
  }
}

function agentOf(queue: string): AgentIdInput | undefined {
  const [, type, instance] = QUEUE.exec(queue) ?? [];
  if (type === undefined || instance === undefined) return undefined;
  const agent = parseAgentIdText(`${type}:${instance}`);
  return agent === undefined ? undefined : fleetAgent(agent);
}
