import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../../config/schema.ts';
import { KEYS } from '../../config/tree.ts';
import { systemClock, type Clock } from '../kernel/clock.ts';
import { isFleetError } from '../kernel/errors.ts';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';

/** Where the keys begin that hold from now on when they change; all others hold after a restart. */
const RELOADABLE = ['router.'] as const;

export interface ConfigChanges {
  /** Paths of keys that hold from now on. */
  readonly changed: string[];
  /** Paths of keys whose new value holds after a restart. */
  readonly restartRequired: string[];
}

/**
 * What is different, by path and never by value.
 * @param started  what the process began with
 * @param current  what it was told last
 */
export function changesBetween(started: Config, current: Config, next: Config): ConfigChanges {
  const changed: string[] = [];
  const restartRequired: string[] = [];
  for (const { path } of KEYS) {
    const isReloadable = RELOADABLE.some((start) => path.startsWith(start));
    if (isDeepStrictEqual(valueAt(isReloadable ? current : started, path), valueAt(next, path))) continue;
    (isReloadable ? changed : restartRequired).push(path);
  }
  return { changed, restartRequired };
}

export interface ReloadParts {
  /** What the process began with. */
  readonly config: Config;
  /** Reads everything anew. Errors: config_invalid */
  readonly load: () => Promise<Config>;
  /** From now on the reloadable keys of this configuration hold. */
  readonly apply: (config: Config) => void;
  readonly log: Pick<Logger, 'info' | 'error'>;
  readonly metrics: Pick<Metrics, 'config_last_reload_success' | 'config_last_reload_timestamp_seconds'>;
  readonly clock?: Clock;
}

/**
 * Reads the configuration of a running process anew: the whole of it is checked before anything changes, and a wrong one
 * changes nothing.
 */
export class ConfigReloader {
  readonly #parts: ReloadParts;
  readonly #clock: Clock;
  #current: Config;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: ReloadParts) {
    this.#parts = parts;
    this.#clock = parts.clock ?? systemClock;
    this.#current = parts.config;
    this.#note(true);
  }

  /** One after the other. Never throws: what is wrong is in the log. */
  reload(): Promise<void> {
    const done = this.#turn.then(() => this.#reload());
    this.#turn = done;
    return done;
  }

  async #reload(): Promise<void> {
    const { config, load, apply, log } = this.#parts;
    try {
      const next = await load();
      const { changed, restartRequired } = changesBetween(config, this.#current, next);
      apply(next);
      this.#current = next;
      this.#note(true);
      log.info({ changed, restart_required: restartRequired }, 'the configuration was read anew');
    } catch (error) {
      this.#note(false);
      const problems = isFleetError(error) ? (error.problems ?? []) : [];
      log.error({ err: error, problems }, 'the configuration cannot be read anew; nothing changes');
    }
  }

  #note(isSuccess: boolean): void {
    const { metrics } = this.#parts;
    metrics.config_last_reload_success.set({}, isSuccess ? 1 : 0);
    metrics.config_last_reload_timestamp_seconds.set({}, this.#clock.now() / 1000);
  }
}

function valueAt(config: Config, path: string): unknown {
  return path.split('.').reduce<unknown>((parent, name) => Reflect.get(parent as object, name), config);
}
