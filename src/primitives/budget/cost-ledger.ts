import { systemClock, type Clock } from '../../kernel/clock.ts';
import { FleetError } from '../../kernel/errors.ts';
import { runScript, toBackendError } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import { utcDay } from './budgets.ts';
import { toUsd, type Usage } from './money.ts';
import { RECORD_COST } from './scripts.ts';

/** What costs are kept by; those of a day are the sum over its models. */
const GROUPS = ['model', 'user', 'workflow'] as const;
export const COST_GROUPS = [...GROUPS, 'day'] as const;
export type CostGroup = (typeof COST_GROUPS)[number];

export interface CostEntry {
  readonly model: string;
  readonly user?: string | undefined;
  readonly workflow?: string | undefined;
  readonly usage: Usage;
  readonly microUsd: number;
}

export interface CostTotals {
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly usd: number;
  /** USD per 1000 tokens, in and out together; null without tokens. */
  readonly usdPer1kTokens: number | null;
}

export interface CostReport {
  /** UTC days, both included. */
  readonly from: string;
  readonly to: string;
  readonly groupBy: CostGroup;
  readonly total: CostTotals;
  /** Dearest first, days in order. `key` is null for calls that belong to nobody known. */
  readonly groups: readonly (CostTotals & { readonly key: string | null })[];
}

const KEEP_DAYS = 45;
const DAY_MS = 86_400_000;
const MAX_DAYS = 366;
const MAX_NAME = 128;

interface Sums {
  requests: number;
  input_tokens: number;
  output_tokens: number;
  micro_usd: number;
}

/** What calls cost, by day and by model, user and workflow; kept 45 days. */
export class CostLedger {
  readonly #store: RedisStore;
  readonly #clock: Clock;

  constructor(store: RedisStore, clock: Clock = systemClock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Errors: backend_unavailable */
  async record({ usage, microUsd, ...owner }: CostEntry): Promise<void> {
    const { redis, keys } = this.#store;
    const day = utcDay(this.#clock.now());
    await runScript(
      redis,
      RECORD_COST,
      GROUPS.map((group) => keys.costs(group, day)),
      [
        usage.inputTokens,
        usage.outputTokens,
        microUsd,
        KEEP_DAYS * 86_400,
        ...GROUPS.map((group) => (owner[group] ?? '').slice(0, MAX_NAME)),
      ],
    );
  }

  /**
   * @param range  UTC days such as `2026-08-15`, both included; default the last 30 days
   * Errors: validation_failed (invalid_input), backend_unavailable
   */
  async report(
    range: { readonly from?: string; readonly to?: string; readonly groupBy?: CostGroup } = {},
  ): Promise<CostReport> {
    const to = range.to ?? utcDay(this.#clock.now());
    const from = range.from ?? daysBefore(to, 29);
    const groupBy = range.groupBy ?? 'day';
    const days = daysBetween(from, to);
    const hashes = await this.#read(groupBy === 'day' ? 'model' : groupBy, days);

    const groups = new Map<string, Sums>();
    for (const [index, hash] of hashes.entries()) {
      for (const [field, value] of Object.entries(hash)) {
        const colon = field.indexOf(':');
        const owner = groupBy === 'day' ? days[index]! : field.slice(colon + 1);
        const sums = groups.get(owner) ?? { requests: 0, input_tokens: 0, output_tokens: 0, micro_usd: 0 };
        groups.set(owner, sums);
        // The script writes these four words before the colon and no others.
        sums[field.slice(0, colon) as keyof Sums] += Number(value);
      }
    }
    const listed = [...groups].map(([owner, sums]) => ({ key: owner === '' ? null : owner, sums }));
    if (groupBy !== 'day') listed.sort((a, b) => b.sums.micro_usd - a.sums.micro_usd);
    return {
      from,
      to,
      groupBy,
      total: totalsOf(listed.map(({ sums }) => sums)),
      groups: listed.map(({ key, sums }) => ({ key, ...totalsOf([sums]) })),
    };
  }

  async #read(group: (typeof GROUPS)[number], days: readonly string[]): Promise<Record<string, string>[]> {
    const { redis, keys } = this.#store;
    try {
      return await Promise.all(days.map((day) => redis.hgetall(keys.costs(group, day))));
    } catch (error) {
      throw toBackendError(error, 'cost report');
    }
  }
}

function totalsOf(parts: readonly Sums[]): CostTotals {
  const sum = (of: keyof Sums): number => parts.reduce((total, part) => total + part[of], 0);
  const tokens = sum('input_tokens') + sum('output_tokens');
  return {
    requests: sum('requests'),
    inputTokens: sum('input_tokens'),
    outputTokens: sum('output_tokens'),
    usd: toUsd(sum('micro_usd')),
    usdPer1kTokens: tokens === 0 ? null : toUsd(Math.round((sum('micro_usd') * 1000) / tokens)),
  };
}

/** Of a day that is none: the same text, which {@link daysBetween} refuses. */
function daysBefore(day: string, count: number): string {
  const moment = Date.parse(`${day}T00:00:00.000Z`);
  return Number.isNaN(moment) ? day : utcDay(moment - count * DAY_MS);
}

function daysBetween(from: string, to: string): string[] {
  const [first, last] = [from, to].map((day) => Date.parse(`${day}T00:00:00.000Z`));
  const isRange = [from, to].every((day) => /^\d{4}-\d{2}-\d{2}$/.test(day)) && first! <= last!;
  const count = Math.round((last! - first!) / DAY_MS) + 1;
  if (!isRange || count > MAX_DAYS) {
    throw new FleetError({
      code: 'validation_failed',
      kind: 'invalid_input',
      message: `"${from}" to "${to}" is no range: expected two UTC days such as 2026-08-15, at most ${MAX_DAYS} days apart`,
    });
  }
  return Array.from({ length: count }, (_, index) => utcDay(first! + index * DAY_MS));
}
