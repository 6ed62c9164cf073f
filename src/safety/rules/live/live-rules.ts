import type { RulesCheck, SafetyRulesStatus } from '../../../contracts/safety-operations/rules.ts';
import { toIso } from '../../../kernel/clock.ts';
import { isFleetError, toFleetError, type FieldProblem, type FleetError } from '../../../kernel/errors.ts';
import type { RedisClient } from '../../../redis/connect.ts';
import type { LiveJudge } from '../../ports.ts';
import { languageIn } from '../../support/regions.ts';
import type { Validator } from '../../validate-text.ts';
import { rulesInvalid } from '../compile-rules.ts';
import { MAX_DOCUMENT_BYTES } from '../document.ts';
import type { RuleSet } from '../rule-set.ts';
import { LiveCompiler, type LiveSet } from './live-compiler.ts';
import type { LiveRulesOptions } from './options.ts';
import { putRules, rollBackRules, type Change, type Rollback, type RulesInChange } from './change-rules.ts';
import { refusalOf, RulesFile, type Refusal } from './rules-file.ts';
import { ABSENT, RulesStore } from './rules-store.ts';
import { warningsOf } from './warnings.ts';

/** A process that starts waits so long for rules from Redis, then begins with those it has. */
const FIRST_READ_MS = 2000;
const NO_DOCUMENT = '';
/** The digest of no text. */
const UNREAD = 'unread';

/**
 * The rules that hold in this process. It
 *
 * 1. begins with the product's own rules, or those of a file; then reads Redis
 * 2. reads Redis again when a change is announced and after `ttlMs`: one short round trip while nothing changed
 * 3. checks and compiles a new document in slices, and puts it in the place of the old one at once and as a whole
 * 4. keeps what holds when a document is refused or Redis is away, and remembers why
 * 5. goes back to file or product when the key is gone
 *
 * Judging never waits for any of it.
 * Source: spec, safety 10
 */
export class LiveRules implements LiveJudge {
  readonly #options: LiveRulesOptions;
  readonly #stored: RulesStore;
  readonly #compiler: LiveCompiler;
  readonly #file: RulesFile | null;
  #base: LiveSet;
  #current: LiveSet;
  /** Digest of what was last seen in the key, accepted or not; {@link NO_DOCUMENT} when there was none. */
  #seen = NO_DOCUMENT;
  #refusal: Refusal | null = null;
  #reloadedAtMs: number;
  #isReached = false;
  #isWarned = false;
  #isStopped = false;
  #refreshing: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #leave: () => void = () => undefined;

  constructor(options: LiveRulesOptions) {
    this.#options = options;
    this.#stored = new RulesStore(options.store, options.clock);
    this.#compiler = new LiveCompiler(options);
    this.#file = options.file === null ? null : new RulesFile(options.file, this.#compiler, options);
    this.#base = this.#compiler.productSet();
    this.#current = this.#base;
    this.#reloadedAtMs = options.clock.now();
    options.observe?.holding(this.#current.rules.version, this.#current.rules.source);
  }

  /** The rules as they are; that of `validatorFor` belongs to them. */
  get rules(): RuleSet {
    return this.#current.rules;
  }

  validatorFor(locale?: string): Validator {
    const { locale: usual } = this.#options;
    const { validators } = this.#current;
    return validators.get(languageIn(locale ?? usual)) ?? validators.get(languageIn(usual))!;
  }

  get languages(): readonly string[] {
    return [...this.#options.lexicons.keys()];
  }

  /**
   * Begin with what there is, then follow every change. A Redis that is away delays it by two seconds at most.
   * @param subscriber  a connection that does nothing but subscribe; it may be shared
   */
  async start(subscriber: RedisClient): Promise<void> {
    const channel = this.#options.store.keys.safetyRulesChanged();
    const listen = (): void => void subscriber.subscribe(channel).catch(() => undefined);
    const onMessage = (where: string): void => {
      if (where === channel) void this.refreshQuietly();
    };
    // What was announced while the connection was down, nobody has heard.
    const onReady = (): void => {
      listen();
      void this.refreshQuietly();
    };
    subscriber.on('message', onMessage);
    subscriber.on('ready', onReady);
    this.#leave = () => {
      subscriber.off('message', onMessage);
      subscriber.off('ready', onReady);
    };
    listen();
    const over = Promise.withResolvers<void>();
    const limit = setTimeout(over.resolve, FIRST_READ_MS);
    await Promise.race([this.refreshQuietly(), over.promise]);
    clearTimeout(limit);
    if (this.#isStopped) return;
    this.#timer = setInterval(() => void this.refreshQuietly(), this.#options.ttlMs).unref();
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
    this.#leave();
  }

  status(): SafetyRulesStatus {
    const { store, ttlMs } = this.#options;
    const { version, source } = this.#current.rules;
    return {
      source,
      redis_key: store.keys.safetyRules(),
      cache_ttl_s: ttlMs / 1000,
      last_reload_ts: toIso(this.#reloadedAtMs),
      rules_version: version,
      last_error: this.#newestRefusal,
      live: this.#isReached,
    };
  }

  /**
   * What was stored before this call holds after it, also when it had been looked at before.
   * Errors: safety_rules_invalid (422) with `kept_version`; backend_unavailable
   */
  async reload(): Promise<void> {
    await this.#refreshing?.catch(() => undefined);
    this.#seen = NO_DOCUMENT;
    this.#file?.forget();
    await this.#refreshOnce();
    const refusal = this.#newestRefusal;
    if (refusal !== null) throw this.#refused(rulesInvalid(refusal.errors));
  }

  /** Looks at a document and changes nothing. */
  async check(document: unknown): Promise<RulesCheck> {
    try {
      const { document: parsed } = await this.#compiler.compile(document, 'check');
      const warnings = warningsOf(parsed, [...this.#options.lexicons.keys()]);
      return { valid: true, errors: [], warnings, rule_count: parsed.rules.length };
    } catch (error) {
      if (!isFleetError(error) || error.problems === undefined) throw error;
      return { valid: false, errors: [...error.problems], warnings: [], rule_count: 0 };
    }
  }

  /**
   * Store a document; it holds here when this returns, and in the other processes soon after.
   *
   * @param ifMatch  the version it is based on; undefined for any
   * Errors: safety_rules_invalid (422) with `kept_version`, safety_rules_stale (412), backend_unavailable
   */
  put(document: unknown, about: Change): Promise<void> {
    return putRules(this.#changing(), document, about);
  }

  /**
   * Store an earlier document again.
   *
   * @param version  default: the newest that is not the one that holds
   * Errors: safety_rules_version_not_found, safety_rules_invalid when this release refuses it, safety_rules_stale,
   *         backend_unavailable
   */
  rollback(about: Rollback): Promise<void> {
    return rollBackRules(this.#changing(), about);
  }

  /** The same in the background: a Redis that is away is worth one line, however often it is asked. */
  async refreshQuietly(): Promise<void> {
    if (this.#isStopped) return;
    try {
      await this.#refreshOnce();
      this.#isWarned = false;
    } catch (error) {
      if (this.#isWarned || this.#isStopped) return;
      this.#isWarned = true;
      const reason = toFleetError(error).message;
      this.#options.log.warn({ reason }, 'rules of safety could not be read: those that hold stay');
    }
  }

  /** What was stored before this call is looked at after it. */
  async #refresh(): Promise<void> {
    await this.#refreshing?.catch(() => undefined);
    await this.#refreshOnce();
  }

  /** Those who ask at the same time read once. */
  #refreshOnce(): Promise<void> {
    this.#refreshing ??= this.#read().finally(() => (this.#refreshing = null));
    return this.#refreshing;
  }

  async #read(): Promise<void> {
    await this.#readFile();
    const found = await this.#stored.read(this.#seen).catch((error: unknown) => {
      if (isFleetError(error) && error.code === 'script_failed') {
        this.#refuse(this.#stored.source, [{ path: '', code: 'unreadable', message: error.message }]);
        throw error;
      }
      this.#isReached = false;
      this.#options.observe?.reloaded('unreachable');
      throw error;
    });
    this.#isReached = true;
    if (found.what === 'same') return;
    if (found.what === 'absent') {
      this.#seen = NO_DOCUMENT;
      this.#refusal = null;
      if (this.#current !== this.#base) this.#hold(this.#base);
      return;
    }
    const { source } = this.#stored;
    if (found.what === 'large') {
      this.#seen = UNREAD;
      const message = `has ${found.bytes} bytes; at most ${MAX_DOCUMENT_BYTES} are read`;
      if (this.#refusal?.errors[0]?.message !== message) {
        this.#refuse(source, [{ path: '', code: 'too_large', message }]);
      }
      return;
    }
    this.#seen = found.digest;
    try {
      const compiled = await this.#compiler.compileText(found.text, source);
      this.#refusal = null;
      this.#hold(await this.#compiler.setOf(compiled));
      await this.#stored.note(found.text, found.digest, compiled.version).catch(() => undefined);
    } catch (error) {
      if (!isFleetError(error) || error.problems === undefined) throw error;
      this.#refuse(source, error.problems);
      this.#tellRejected(error.problems);
    }
  }

  async #readFile(): Promise<void> {
    const set = (await this.#file?.readIfChanged()) ?? null;
    if (set === null) return;
    const isHeld = this.#current === this.#base;
    this.#base = set;
    if (isHeld) this.#hold(set);
  }

  #hold(set: LiveSet): void {
    const { log, observe, clock } = this.#options;
    this.#current = set;
    this.#reloadedAtMs = clock.now();
    const { version, source } = set.rules;
    observe?.reloaded('applied');
    observe?.holding(version, source);
    log.info({ rules_version: version, source }, 'rules of safety hold from now on');
  }

  #refuse(source: string, errors: readonly FieldProblem[]): void {
    this.#refusal = refusalOf(source, errors, this.#options.clock);
    this.#options.observe?.reloaded('rejected');
    const [first] = errors;
    this.#options.log.error(
      { source, faults: errors.length, path: first?.path, code: first?.code },
      'rules of safety were refused: those that hold stay',
    );
  }

  #tellRejected(errors: readonly FieldProblem[], by?: string): void {
    const codes = [...new Set(errors.map(({ code }) => code))].slice(0, 10);
    this.#stored.tellRejected(this.#stored.source, codes, by).catch(() => undefined);
  }

  get #newestRefusal(): Refusal | null {
    return this.#refusal ?? this.#file?.refusal ?? null;
  }

  #changing(): RulesInChange {
    return {
      stored: this.#stored,
      compile: (document) => this.#compiler.compile(document, this.#stored.source),
      refresh: () => this.#refresh(),
      held: () => this.#current.rules,
      isRefused: () => this.#refusal !== null,
      standing: () => (this.#seen === UNREAD ? null : this.#seen || ABSENT),
      reject: (error, by) => {
        this.#options.observe?.reloaded('rejected');
        this.#tellRejected(error.problems ?? [], by);
        return this.#refused(error);
      },
    };
  }

  /** With what holds on. */
  #refused(error: FleetError): FleetError {
    return rulesInvalid(error.problems ?? [], { kept_version: this.#current.rules.version });
  }
}
