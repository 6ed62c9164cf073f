import { readFile, rm, utimes } from 'node:fs/promises';
import { z } from 'zod';
import { CrisisEvent, InterventionAction } from '../../contracts/intervention.ts';
import { CrisisAssessment } from '../../contracts/safety.ts';
import { FleetError, isFleetError } from '../../kernel/errors.ts';
import type { Lifecycle } from '../../kernel/lifecycle.ts';
import type { Logger } from '../../observability/logger.ts';
import type { Metrics } from '../../observability/metrics.ts';
import type { Crisis, WrittenCrisis } from '../ports.ts';
import { adoptFiles, appendLines, ownName } from './log-files.ts';
import { within } from './within.ts';

/** One line of the file. */
const Entry = z.strictObject({
  v: z.literal(1),
  crisis: z.strictObject({
    interventionId: z.string(),
    sessionId: z.string(),
    userHash: z.string(),
    assessment: CrisisAssessment,
    event: CrisisEvent,
    region: z.string().nullable(),
    locale: z.string(),
    responded: InterventionAction,
    text: z.strictObject({ hmac: z.string(), length: z.number(), ruleIds: z.array(z.string()) }),
  }),
});

export interface CrisisLogOptions {
  /** Beginning of the names of the files, for example `.ao/safety.wal`. */
  readonly file: string;
  readonly write: (crisis: Crisis) => Promise<WrittenCrisis>;
  /** A crisis that had waited stands in Redis now; what is due to people stands there, too. */
  readonly onWritten?: (written: WrittenCrisis) => void;
  readonly log: Logger;
  readonly metrics?: Pick<Metrics, 'safety_wal_pending'>;
  /** Between two tries. Default 1 s. */
  readonly everyMs?: number;
}

const EVERY_MS = 1_000;
/** A connection that waits for Redis must not keep a process from ending. */
const WRITE_WITHIN_MS = 5_000;
const LOUD_EVERY_MS = 30_000;

/**
 * Where crises wait while Redis is away. Its story:
 *
 * 1. a crisis that Redis did not take is appended to the file of this process, and is on the disk before the caller
 *    goes on
 * 2. every second the file is read from its beginning and each entry written, in order; the request and the id of the
 *    intervention make a repeat harmless, so a process may die anywhere in between
 * 3. when all entries stand in Redis the file goes
 *
 * Files of processes that are gone are taken over. A line that was torn off had never been acknowledged; it is put
 * aside, with whatever else cannot be read, in `<file>.unreadable`.
 */
export class CrisisLog implements Lifecycle {
  readonly #options: CrisisLogOptions;
  readonly #own: string;
  readonly #adopted: string[] = [];
  /** Entries that wait, by file. */
  readonly #waiting = new Map<string, number>();
  #files: Promise<unknown> = Promise.resolve();
  #round: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Of which the log has told. */
  readonly #refused = new Set<string>();
  #loudAt = -Infinity;

  constructor(options: CrisisLogOptions) {
    this.#options = options;
    this.#own = ownName(options.file);
  }

  /** Entries of this process that are not in Redis yet. */
  get pending(): number {
    let sum = 0;
    for (const n of this.#waiting.values()) sum += n;
    return sum;
  }

  /** Returns when it is on the disk. Errors: safety_log_failed (internal). */
  async append(crisis: Crisis): Promise<void> {
    const line = JSON.stringify({ v: 1, crisis });
    try {
      await this.#alone(() => appendLines(this.#own, [line]));
    } catch (cause) {
      throw new FleetError({
        code: 'safety_log_failed',
        kind: 'internal',
        message: `a crisis could be written neither to Redis nor to ${this.#options.file}`,
        cause,
      });
    }
    this.#set(this.#own, (this.#waiting.get(this.#own) ?? 0) + 1);
    this.#sayPending();
  }

  async start(): Promise<void> {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => void this.runOnce(), this.#options.everyMs ?? EVERY_MS);
    this.#timer.unref();
    await this.runOnce();
  }

  /** What still waits stays on the disk, for whoever comes next. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#round;
    await this.#files;
  }

  /** One try to write all that waits; two at once are one. Never fails. */
  async runOnce(): Promise<void> {
    this.#round ??= this.#drain()
      .catch((error: unknown) =>
        this.#options.log.error({ err: error }, 'crises that wait on disk cannot be read'),
      )
      .finally(() => (this.#round = undefined));
    await this.#round;
  }

  async #drain(): Promise<void> {
    for (const file of await adoptFiles(this.#options.file)) {
      this.#adopted.push(file);
      this.#set(file, entriesOf(await readText(file)).length);
    }
    for (const file of [...this.#adopted, this.#own]) {
      if (!this.#waiting.has(file)) continue;
      if (!(await this.#drainFile(file))) break;
    }
    this.#sayPending();
  }

  /** @returns false when Redis is away, and the others need not be tried */
  async #drainFile(file: string): Promise<boolean> {
    let read = 0;
    let left = 0;
    let done = 0;
    for (;;) {
      const text = await readText(file);
      const entries = entriesOf(text.slice(read));
      read = text.length;
      for (const line of entries) {
        const outcome = await this.#writeEntry(line, file);
        if (outcome === 'written') done += 1;
        if (outcome === 'failed') left += 1;
        if (outcome === 'away') {
          await this.#alone(async () => this.#set(file, entriesOf(await readText(file)).length - done));
          const now = new Date();
          // Says to the other processes that somebody sees to it.
          await utimes(file, now, now).catch(() => {});
          return false;
        }
      }
      if (await this.#alone(() => this.#removeUnlessGrown(file, read, left))) return true;
      if (left > 0) return true;
    }
  }

  async #writeEntry(line: string, file: string): Promise<'written' | 'failed' | 'away'> {
    const { log, write, onWritten } = this.#options;
    const crisis = parseEntry(line);
    if (crisis === null) {
      log.error({}, 'a line of the log of crises cannot be read; it was put aside');
      await appendLines(`${file.replace(/\.jsonl$/, '')}.unreadable`, [line]);
      return 'written';
    }
    try {
      const late = { ...crisis, event: { ...crisis.event, origin: 'log' as const } };
      const written = await within(write(late), WRITE_WITHIN_MS);
      if (!written.isRepeat) onWritten?.(written);
      return 'written';
    } catch (error) {
      if (isFleetError(error) && error.code === 'backend_unavailable') return 'away';
      const { interventionId } = crisis;
      if (!this.#refused.has(interventionId))
        log.error({ err: error, interventionId }, 'a crisis that waits on disk was refused; it stays there');
      this.#refused.add(interventionId);
      return 'failed';
    }
  }

  /** @returns whether it is gone */
  async #removeUnlessGrown(file: string, read: number, left: number): Promise<boolean> {
    const text = await readText(file);
    if (text.length > read) return false;
    if (left > 0) {
      this.#set(file, left);
      return false;
    }
    await rm(file, { force: true });
    this.#waiting.delete(file);
    const at = this.#adopted.indexOf(file);
    if (at >= 0) this.#adopted.splice(at, 1);
    this.#set(file, 0);
    return true;
  }

  /** One change of files at a time. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#files.then(work);
    this.#files = done.catch(() => {});
    return done;
  }

  #set(file: string, count: number): void {
    if (count === 0) this.#waiting.delete(file);
    else this.#waiting.set(file, count);
    this.#options.metrics?.safety_wal_pending.set({}, this.pending);
  }

  #sayPending(): void {
    const now = performance.now();
    if (this.pending === 0) {
      if (this.#loudAt > -Infinity)
        this.#options.log.warn({}, 'all crises that had waited on disk stand in Redis');
      this.#loudAt = -Infinity;
    } else if (now - this.#loudAt >= LOUD_EVERY_MS) {
      this.#loudAt = now;
      const fields = { severity: 'critical', pending: this.pending };
      this.#options.log.error(fields, 'crises wait on disk: Redis is away, and nobody is told of them');
    }
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function entriesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

function parseEntry(line: string): Crisis | null {
  try {
    return Entry.parse(JSON.parse(line)).crisis;
  } catch {
    return null;
  }
}
