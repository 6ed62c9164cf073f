import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { setImmediate as pause } from 'node:timers/promises';
import { readRulesFile } from '../../../../config/safety-data.ts';
import type { RulesCheck, SafetyRulesStatus } from '../../../contracts/safety-operations/rules.ts';
import type { Stage } from '../../../contracts/safety.ts';
import { toIso, type Clock } from '../../../kernel/clock.ts';
import { FleetError, isFleetError, toFleetError, type FieldProblem } from '../../../kernel/errors.ts';
import type { Logger } from '../../../observability/logger.ts';
import type { RedisClient } from '../../../redis/connect.ts';
import type { RedisStore } from '../../../redis/store.ts';
import { neverFailing } from '../../degraded.ts';
import { disabledValidator } from '../../disabled.ts';
import type { Lexicon } from '../../lexicon/compile.ts';
import type { LiveJudge } from '../../ports.ts';
import { languageIn } from '../../support/regions.ts';
import type { SupportRoom } from '../../support/supporter.ts';
import { createValidator, type SuggestAlternative, type Validator } from '../../validate-text.ts';
import { compileInSteps, compileRules, rulesInvalid } from '../compile-rules.ts';
import { DEFAULT_DOCUMENT } from '../default-document.ts';
import { MAX_DOCUMENT_BYTES } from '../document.ts';
import type { RuleSet } from '../rule-set.ts';
import { digestOf, rulesStale, RulesStore } from './rules-store.ts';
import { warningsOf } from './warnings.ts';

export interface LiveRulesOptions {
  readonly store: RedisStore;
  /** By language; that of `locale` must be there. */
  readonly lexicons: ReadonlyMap<string, Lexicon>;
  /** Of texts that name no language, or one without words. */
  readonly locale: string;
  /** Holds while nothing is stored in Redis; null: the product's own rules. */
  readonly file: string | null;
  readonly allowDisableCrisis: boolean;
  /** False: nothing is judged, and every result says so. */
  readonly isEnabled: boolean;
  readonly supporter: Pick<SupportRoom, 'suggestFor'>;
  /** Longest time until a change is noticed whose announcement was lost. */
  readonly ttlMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly observe?: RulesObserver;
}

export interface RulesObserver {
  /** `unreachable`: Redis did not answer; what is known stays. */
  readonly reloaded: (outcome: 'applied' | 'rejected' | 'unreachable') => void;
  readonly holding: (version: string, source: string) => void;
  readonly degraded: (stage: Stage) => void;
}

/** What holds, by language. */
interface LiveSet {
  readonly rules: RuleSet;
  readonly validators: ReadonlyMap<string, Validator>;
}

interface Refusal {
  readonly at: string;
  readonly source: string;
  readonly errors: readonly FieldProblem[];
}

/** A process does other work after so much compiling. */
const SLICE_MS = 8;
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
  #base: LiveSet;
  #current: LiveSet;
  /** Digest of what was last seen in the key, accepted or not; {@link NO_DOCUMENT} when there was none. */
  #seen = NO_DOCUMENT;
  #fileStamp = '';
  #fileRefusal: Refusal | null = null;
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
    this.#base = this.#setOf((language) => compileRules(DEFAULT_DOCUMENT, this.#about('default', language)));
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
      last_error: copyOf(this.#refusal ?? this.#fileRefusal),
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
    this.#fileStamp = '';
    await this.#refreshOnce();
    const refusal = this.#refusal ?? this.#fileRefusal;
    if (refusal !== null) throw this.#refused(rulesInvalid(refusal.errors));
  }

  /** Looks at a document and changes nothing. */
  async check(document: unknown): Promise<RulesCheck> {
    try {
      const { document: parsed } = await this.#compile(document, 'check');
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
  async put(document: unknown, { by, ifMatch }: { by: string; ifMatch?: string | undefined }): Promise<void> {
    const compiled = await this.#compile(document, this.#stored.source).catch((error: unknown) => {
      if (isFleetError(error) && error.problems !== undefined) {
        this.#options.observe?.reloaded('rejected');
        this.#tellRejected(error.problems);
        throw this.#refused(error);
      }
      throw error;
    });
    await this.#refresh();
    const before = this.#current.rules;
    if (ifMatch !== undefined && ifMatch !== before.version) throw rulesStale(before.version);
    const text = JSON.stringify(document);
    if (digestOf(text) === this.#seen && this.#refusal === null) return;
    const isWritten = await this.#stored.write(text, {
      version: compiled.version,
      by,
      expected: ifMatch === undefined ? null : this.#expected(),
      before: { version: before.version, document: before.document },
    });
    await this.#refresh();
    if (!isWritten) throw rulesStale(this.#current.rules.version);
  }

  /**
   * Store an earlier document again.
   *
   * @param version  default: the newest that is not the one that holds
   * Errors: safety_rules_version_not_found, safety_rules_invalid when this release refuses it, safety_rules_stale,
   *         backend_unavailable
   */
  async rollback({ by, version }: { by: string; version?: string | undefined }): Promise<void> {
    await this.#refresh();
    const now = this.#current.rules.version;
    const entry = (await this.#stored.history()).find((one) =>
      version === undefined ? one.version !== now : one.version === version,
    );
    if (entry === undefined) {
      throw new FleetError({
        code: 'safety_rules_version_not_found',
        kind: 'not_found',
        message:
          version === undefined ? 'there are no earlier rules' : `no rules of version "${version}" are kept`,
      });
    }
    await this.put(entry.document, { by, ifMatch: now });
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
      const compiled = await this.#compileText(found.text, source);
      this.#refusal = null;
      this.#hold(await this.#setInSlices(compiled));
      await this.#stored.note(found.text, found.digest, compiled.version).catch(() => undefined);
    } catch (error) {
      if (!isFleetError(error) || error.problems === undefined) throw error;
      this.#refuse(source, error.problems);
      this.#tellRejected(error.problems);
    }
  }

  /** A file is looked at again when it was written; a bad one changes nothing. */
  async #readFile(): Promise<void> {
    const { file } = this.#options;
    if (file === null) return;
    const stamp = stampOf(file);
    if (stamp === this.#fileStamp) return;
    this.#fileStamp = stamp;
    const source = `file:${basename(file)}`;
    try {
      const set = await this.#setInSlices(await this.#compile(readRulesFile(file), source));
      const isHeld = this.#current === this.#base;
      this.#base = set;
      this.#fileRefusal = null;
      if (isHeld) this.#hold(set);
    } catch (error) {
      const { message, problems } = toFleetError(error);
      this.#fileRefusal = this.#refusalOf(source, problems ?? [{ path: '', code: 'unreadable', message }]);
      this.#options.observe?.reloaded('rejected');
      this.#options.log.error({ source, reason: message }, 'a file of rules of safety was refused');
    }
  }

  async #compileText(text: string, source: string): Promise<RuleSet> {
    let document: unknown;
    try {
      document = JSON.parse(text);
    } catch {
      throw rulesInvalid([{ path: '', code: 'not_json', message: 'the document is not JSON' }]);
    }
    return this.#compile(document, source);
  }

  async #compile(document: unknown, source: string, language?: string): Promise<RuleSet> {
    const steps = compileInSteps(document, this.#about(source, language ?? this.#usual));
    let since = performance.now();
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      if (performance.now() - since < SLICE_MS) continue;
      await pause();
      since = performance.now();
    }
  }

  async #setInSlices(rules: RuleSet): Promise<LiveSet> {
    const byLanguage = new Map<string, RuleSet>();
    for (const language of this.#options.lexicons.keys()) {
      const isShared = language === this.#usual || !namesLanguages(rules);
      byLanguage.set(
        language,
        isShared ? rules : await this.#compile(rules.document, rules.source, language),
      );
    }
    return this.#setOf((language) => byLanguage.get(language)!);
  }

  #setOf(rulesFor: (language: string) => RuleSet): LiveSet {
    const validators = new Map<string, Validator>();
    for (const [language, lexicon] of this.#options.lexicons) {
      validators.set(language, this.#validator(lexicon, rulesFor(language)));
    }
    const usual = validators.get(this.#usual);
    if (usual === undefined) {
      throw new FleetError({
        code: 'safety_data_invalid',
        kind: 'invalid_input',
        message: `safety.locale: there are no words for "${this.#usual}"`,
      });
    }
    return { rules: usual.rules, validators };
  }

  #validator(lexicon: Lexicon, rules: RuleSet): Validator {
    const { isEnabled, supporter, observe, log, locale: usual } = this.#options;
    if (!isEnabled) return disabledValidator({ lexicon, rules });
    const suggest: SuggestAlternative = ({ level, findings }, { stage, region, locale = usual }) =>
      supporter.suggestFor({ level, findings, stage, region, locale, templateOf: rules.templateOf });
    return neverFailing(
      createValidator(lexicon, rules, suggest),
      (stage, error) => {
        observe?.degraded(stage);
        // The message of an error may hold words of the text.
        log.error(
          { stage, error: error instanceof Error ? error.name : 'unknown' },
          'a text could not be judged',
        );
      },
      suggest,
    );
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
    this.#refusal = this.#refusalOf(source, errors);
    this.#options.observe?.reloaded('rejected');
    const [first] = errors;
    this.#options.log.error(
      { source, faults: errors.length, path: first?.path, code: first?.code },
      'rules of safety were refused: those that hold stay',
    );
  }

  #refusalOf(source: string, errors: readonly FieldProblem[]): Refusal {
    return { at: toIso(this.#options.clock.now()), source, errors: errors.slice(0, 100) };
  }

  #tellRejected(errors: readonly FieldProblem[]): void {
    const codes = [...new Set(errors.map(({ code }) => code))].slice(0, 10);
    this.#stored.tellRejected(this.#stored.source, codes).catch(() => undefined);
  }

  /** What stands in the key as far as this process knows; null where it does not. */
  #expected(): string | null {
    if (this.#seen === UNREAD) return null;
    return this.#seen === NO_DOCUMENT ? 'absent' : this.#seen;
  }

  /** With what holds on. */
  #refused(error: FleetError): FleetError {
    return rulesInvalid(error.problems ?? [], { kept_version: this.#current.rules.version });
  }

  #about(source: string, language: string) {
    return { source, language, allowDisableCrisis: this.#options.allowDisableCrisis };
  }

  get #usual(): string {
    return languageIn(this.#options.locale);
  }
}

function namesLanguages({ document }: RuleSet): boolean {
  return document.rules.some(({ locale }) => locale !== undefined);
}

function stampOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found === undefined ? 'absent' : `${found.mtimeMs} ${found.size}`;
}

function copyOf(refusal: Refusal | null): SafetyRulesStatus['last_error'] {
  return refusal === null ? null : { ...refusal, errors: [...refusal.errors] };
}
