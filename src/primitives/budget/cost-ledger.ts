import { systemClock, type Clock } from '../../kernel/clock.ts';
import { runScript, toBackendError } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import type { CostRange, CostReport, CostTotals } from '../../contracts/costs.ts';
import { daysOf, KEEP_DAYS, utcDay } from './cost-days.ts';
import { toUsd, type Usage } from './money.ts';
import { RECORD_COST } from './scripts.ts';

/** What costs are kept by; those of a day are the sum over its models. */
const GROUPS = ['model', 'user', 'workflow'] as const;

export interface CostEntry {
  readonly model: string;
  readonly user?: string | undefined;
  readonly workflow?: string | undefined;
  readonly usage: Usage;
  readonly microUsd: number;
}

const MAX_NAME = 128;

interface Sums {
  requests: number;
  input_tokens: number;
  output_tokens: number;
  micro_usd: number;
}

/** What calls cost, by UTC day and by model, user and workflow. */
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

  /** Errors: cost_range_invalid (422), backend_unavailable */
  async report(range: CostRange = {}): Promise<CostReport> {
    const groupBy = range.groupBy ?? 'day';
    const days = daysOf(range, this.#clock.now());
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
      from: days[0]!,
      to: days.at(-1)!,
      group_by: groupBy,
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
    input_tokens: sum('input_tokens'),
    output_tokens: sum('output_tokens'),
    usd: toUsd(sum('micro_usd')),
    usd_per_1k_tokens: tokens === 0 ? null : toUsd(Math.round((sum('micro_usd') * 1000) / tokens)),
  };
}
