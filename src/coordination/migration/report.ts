import type { ValidationIssue } from '../errors.ts';
import type { SourceKind } from './source.ts';

/** What became of one entry of the old layout. */
export type Fate =
  /** Taken over by this call; by a dry run: would be. */
  | 'moved'
  /** Taken over before. */
  | 'moved_before'
  /** Reserved by a consumer of the original that may still settle it. */
  | 'in_flight'
  /** Another message of its id is in the mailbox. */
  | 'id_taken'
  /** The mailbox holds as many as it may. */
  | 'queue_full'
  /** It is no message. */
  | 'corrupt'
  /** Only the copy is there: the original lost the message, or handled it and kept the copy. */
  | 'orphan';

/** Those that an operator has to do something about, or wait for. */
const UNSETTLED: readonly Fate[] = ['in_flight', 'id_taken', 'queue_full', 'corrupt', 'orphan'];

export interface Problem {
  readonly agent: string;
  readonly key: string;
  readonly kind: SourceKind;
  readonly fate: Fate;
  /** Null where it could not be read. */
  readonly message_id: string | null;
  /** Of the entry, to find it: the beginning of its SHA-256. */
  readonly digest: string;
  readonly issues: readonly ValidationIssue[];
}

export interface MigrationReport {
  readonly from: string;
  readonly to: string;
  readonly dry_run: boolean;
  readonly agents: Readonly<Record<string, Partial<Record<Fate, number>>>>;
  readonly total: Readonly<Record<Fate, number>>;
  /** The first thousand. */
  readonly problems: readonly Problem[];
  /** Keys that are not taken over. */
  readonly obsolete: readonly { readonly key: string; readonly why: string }[];
  /** Whether everything that was found has been taken over. */
  readonly is_complete: boolean;
}

const PROBLEMS_SHOWN = 1000;

/** Collects what became of each entry. */
export class Tally {
  readonly #agents: Record<string, Partial<Record<Fate, number>>> = {};
  readonly #total: Record<Fate, number> = {
    moved: 0,
    moved_before: 0,
    in_flight: 0,
    id_taken: 0,
    queue_full: 0,
    corrupt: 0,
    orphan: 0,
  };
  readonly #problems: Problem[] = [];

  add(entry: Omit<Problem, 'fate'>, fate: Fate): void {
    const own = (this.#agents[entry.agent] ??= {});
    own[fate] = (own[fate] ?? 0) + 1;
    this.#total[fate] += 1;
    if (UNSETTLED.includes(fate) && this.#problems.length < PROBLEMS_SHOWN)
      this.#problems.push({ ...entry, fate });
  }

  report(rest: Pick<MigrationReport, 'from' | 'to' | 'dry_run' | 'obsolete'>): MigrationReport {
    return {
      from: rest.from,
      to: rest.to,
      dry_run: rest.dry_run,
      agents: this.#agents,
      total: this.#total,
      problems: this.#problems,
      obsolete: rest.obsolete,
      is_complete: UNSETTLED.every((fate) => this.#total[fate] === 0),
    };
  }
}
