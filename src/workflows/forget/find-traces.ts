import { toBackendError } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import { isOf, jobOf, literalPattern, rootOf } from './key-names.ts';

/** Of whom traces are looked for. */
export interface Sought {
  readonly sessionId: string;
  readonly worldId: string | undefined;
  /** All runs of the session. */
  readonly runIds: readonly string[];
  readonly bullPrefix: string;
  /** The queues on which jobs of the session may stand. */
  readonly queues: ReadonlySet<string>;
}

/** Everything that stands in Redis because of a session. */
export interface Traces {
  /** Job ids by queue. */
  readonly jobs: ReadonlyMap<string, ReadonlySet<string>>;
  /** Records of its runs and of jobs that stood alone, claims and answers of its requests. */
  readonly keys: readonly string[];
  /** Keys that carry the name of the session. */
  readonly sessionKeys: readonly string[];
  readonly worldKeys: readonly string[];
  /** Interventions and escalations of the session: people work on them, so they stay and no longer name it. */
  readonly safetyRecords: readonly string[];
  /** Another session plays in the same world. */
  readonly isWorldShared: boolean;
}

const BATCH = 1000;

/**
 * Pass once over all keys of the fleet and pick out what a session has left. What a run leaves depends on its plan, and
 * jobs outlive records, so no list made beforehand would be complete; a session is deleted rarely enough for this.
 *
 * Redis: a round trip for each 1000 keys of the server, and one more where some of them have to be looked into.
 */
export async function findTraces(store: RedisStore, sought: Sought): Promise<Traces> {
  const { prefix } = store.keys;
  const pass = new Pass(store, sought);
  const prefixes = new Set([prefix, sought.bullPrefix]);
  try {
    for (const each of prefixes) {
      let cursor = '0';
      do {
        const pattern = `${literalPattern(each)}:*`;
        const [next, keys] = await store.redis.scan(cursor, 'MATCH', pattern, 'COUNT', BATCH);
        cursor = next;
        await pass.look(keys);
      } while (cursor !== '0');
    }
  } catch (error) {
    throw toBackendError(error, 'looking for what a session has left');
  }
  return pass.found();
}

/** A key whose name does not say whose it is, and the fields that do. */
interface Question {
  readonly key: string;
  readonly fields: readonly string[];
  readonly answer: (values: readonly (string | null)[]) => void;
}

class Pass {
  readonly #store: RedisStore;
  readonly #sought: Sought;
  readonly #roots: ReadonlySet<string>;
  readonly #jobs = new Map<string, Set<string>>();
  readonly #keys = new Set<string>();
  readonly #sessionKeys = new Set<string>();
  readonly #worldKeys = new Set<string>();
  readonly #safetyRecords = new Set<string>();
  /** Key of a job that stands alone, whosever it is → `<queue>~<job id>~<added at>`. */
  readonly #alone = new Map<string, string>();
  #isWorldShared = false;

  constructor(store: RedisStore, sought: Sought) {
    this.#store = store;
    this.#sought = sought;
    this.#roots = new Set(sought.runIds.map(rootOf));
  }

  async look(keys: readonly string[]): Promise<void> {
    const questions: Question[] = [];
    for (const key of keys) this.#sort(key, questions);
    await this.#lookIntoStories(keys);
    if (questions.length === 0) return;
    const pipeline = this.#store.redis.pipeline();
    for (const { key, fields } of questions) pipeline.hmget(key, ...fields);
    const replies = (await pipeline.exec()) ?? [];
    for (const [index, [error, values]] of replies.entries()) {
      // What is no hash is nothing of the kind that was looked for.
      if (error === null) questions[index]!.answer(values as (string | null)[]);
    }
  }

  found(): Traces {
    for (const [key, name] of this.#alone) {
      const [, queue = '', jobId = ''] = /^([^~]+)~(.*)~\d+$/.exec(name) ?? [];
      if (this.#jobs.get(queue)?.has(jobId)) this.#keys.add(key);
    }
    return {
      jobs: this.#jobs,
      keys: [...this.#keys],
      sessionKeys: [...this.#sessionKeys],
      worldKeys: [...this.#worldKeys],
      safetyRecords: [...this.#safetyRecords],
      isWorldShared: this.#isWorldShared,
    };
  }

  #sort(key: string, questions: Question[]): void {
    const { keys } = this.#store;
    const { sessionId, worldId, bullPrefix } = this.#sought;
    const [family, ...parts] = key.slice(keys.prefix.length + 1).split(':');
    if (key.startsWith(`${keys.prefix}:`)) {
      if (family === 'wf') return this.#sortRunKey(key, parts, questions);
      if (family === 'sess') {
        if (parts[0] === sessionId) this.#sessionKeys.add(key);
        else if (parts.length === 1 && worldId !== undefined) this.#askForWorld(key, questions);
        return;
      }
      if (family === 'world') {
        if (parts[0] === worldId) this.#worldKeys.add(key);
        return;
      }
      if (family === 'idem') return this.#askRequest(key, questions);
      if (family === 'safety') return this.#sortSafetyKey(key, parts, questions);
    }
    const job = jobOf(key, bullPrefix);
    if (job === null || !this.#sought.queues.has(job.queue)) return;
    if (isOf(this.#roots, job.jobId)) this.#addJob(job.queue, job.jobId);
    else if (job.isJob && !job.jobId.startsWith('wf_')) this.#askForeignJob(key, job, questions);
  }

  #sortRunKey(key: string, parts: readonly string[], questions: Question[]): void {
    const [first = '', second = ''] = parts;
    if (first === 'dedup') {
      questions.push({
        key,
        fields: ['run_id'],
        answer: ([runId]) => void (isOf(this.#roots, runId ?? '') && this.#keys.add(key)),
      });
    } else if (isOf(this.#roots, first === 'runs' ? second : first)) this.#keys.add(key);
    else if (first.includes('~') && parts.length > 1) this.#alone.set(key, first);
  }

  #sortSafetyKey(key: string, parts: readonly string[], questions: Question[]): void {
    const [kind, id] = parts;
    const { sessionId } = this.#sought;
    if (kind === 'session' && id === sessionId) this.#sessionKeys.add(key);
    // A session without a player stands for one; the history of a player is the player's.
    else if (kind === 'user') {
      questions.push({
        key,
        fields: ['session_id'],
        answer: ([of]) => void (of === sessionId && this.#sessionKeys.add(key)),
      });
    } else if ((kind === 'intervention' || kind === 'escalation') && parts.length === 2) {
      const name = `"session_id":${JSON.stringify(sessionId)}`;
      questions.push({
        key,
        fields: ['session_id', 'data'],
        answer: ([of, data]) => {
          if (of === sessionId || (data?.includes(name) ?? false)) this.#safetyRecords.add(key);
        },
      });
    }
  }

  /** Stories that were withheld are texts. */
  async #lookIntoStories(all: readonly string[]): Promise<void> {
    const start = this.#store.keys.safetyQuarantine('');
    const keys = all.filter((key) => key.startsWith(start));
    if (keys.length === 0) return;
    const name = JSON.stringify(this.#sought.sessionId);
    const texts = await this.#store.redis.mget(...keys);
    for (const [i, key] of keys.entries()) if (texts[i]?.includes(name)) this.#keys.add(key);
  }

  /** An answer that names the session, or a request about it that is still being worked on. */
  #askRequest(key: string, questions: Question[]): void {
    const { sessionId } = this.#sought;
    questions.push({
      key,
      fields: ['run_id', 'about', 'outcome'],
      answer: ([runId, about, outcome]) => {
        const isOurs =
          about === sessionId ||
          isOf(this.#roots, runId ?? '') ||
          isOf(this.#roots, about ?? '') ||
          (outcome ?? '').includes(JSON.stringify(sessionId));
        if (isOurs) this.#keys.add(key);
      },
    });
  }

  #askForWorld(key: string, questions: Question[]): void {
    questions.push({
      key,
      fields: ['world_id', 'forgetting'],
      answer: ([worldId, forgetting]) => {
        if (worldId === this.#sought.worldId && forgetting === null) this.#isWorldShared = true;
      },
    });
  }

  /** A job that another service put on an agent's queue may name the session. */
  #askForeignJob(key: string, job: { queue: string; jobId: string }, questions: Question[]): void {
    const name = `"session_id":${JSON.stringify(this.#sought.sessionId)}`;
    questions.push({
      key,
      fields: ['data'],
      answer: ([data]) => void (data?.includes(name) && this.#addJob(job.queue, job.jobId)),
    });
  }

  #addJob(queue: string, jobId: string): void {
    const known = this.#jobs.get(queue);
    if (known === undefined) this.#jobs.set(queue, new Set([jobId]));
    else known.add(jobId);
  }
}
