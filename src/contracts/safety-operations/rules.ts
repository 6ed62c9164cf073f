import { z } from 'zod';
import type { Caller } from '../caller.ts';
import { SafetyContext, SafetyLevel, Stage, type ValidationResult } from '../safety.ts';

/** What can be asked about the rules by which texts are judged. Source: spec, safety 10 and 12 */

const Fault = z.strictObject({ path: z.string(), code: z.string(), message: z.string() });
const Version = z.string().regex(/^[0-9a-f]{12}$/);

export const SafetyRulesStatus = z
  .strictObject({
    /** `redis:<key>`, `file:<name>` or `default`. */
    source: z.string(),
    redis_key: z.string(),
    cache_ttl_s: z.number(),
    /** When the rules that hold began to, in the process that answers. */
    last_reload_ts: z.iso.datetime(),
    rules_version: Version,
    /** Why newer rules do not hold; null when they do. */
    last_error: z
      .strictObject({ at: z.iso.datetime(), source: z.string(), errors: z.array(Fault) })
      .nullable(),
    /** Whether Redis answered when it was last asked. */
    live: z.boolean(),
  })
  .meta({ id: 'SafetyRulesStatus' });
export type SafetyRulesStatus = z.infer<typeof SafetyRulesStatus>;

/** A rule as everybody may see it; what it looks for is for administrators. */
export const SafetyRuleView = z
  .looseObject({
    id: z.string(),
    category: z.string(),
    priority: z.int(),
    level: SafetyLevel,
    /** Part of the product: it can be made stricter, not taken away. */
    built_in: z.boolean(),
  })
  .meta({ id: 'SafetyRuleView' });
export type SafetyRuleView = z.infer<typeof SafetyRuleView>;

export const SafetyOverview = z
  .strictObject({
    enabled: z.boolean(),
    status: SafetyRulesStatus,
    rules: z.array(SafetyRuleView),
    counts: z.strictObject({
      rules: z.int(),
      patterns: z.int(),
      terms: z.int(),
      /** Phrases of the word lists, by language. */
      phrases: z.record(z.string(), z.int()),
    }),
    /** Whether anything that leaves the fleet tells people. */
    human_channel: z.enum(['none', 'configured']),
    system_health: z.enum(['healthy', 'warning', 'critical']),
    /** The document that holds, for administrators: what can be changed and put back. */
    document: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'SafetyOverview' });
export type SafetyOverview = z.infer<typeof SafetyOverview>;

export const RulesCheck = z
  .strictObject({
    valid: z.boolean(),
    errors: z.array(Fault),
    warnings: z.array(Fault),
    rule_count: z.int(),
  })
  .meta({ id: 'SafetyRulesCheck' });
export type RulesCheck = z.infer<typeof RulesCheck>;

export const RulesChanged = z
  .strictObject({ ok: z.literal(true), status: SafetyRulesStatus })
  .meta({ id: 'SafetyRulesChanged' });
export type RulesChanged = z.infer<typeof RulesChanged>;

export const RollbackRules = z
  .strictObject({
    /** Default: the newest that does not hold now. */
    version: Version.optional(),
  })
  .meta({ id: 'RollbackSafetyRules' });
export type RollbackRules = z.infer<typeof RollbackRules>;

export const ValidateText = z
  .strictObject({
    text: z.string(),
    stage: Stage.default('input'),
    context: SafetyContext.optional(),
    /** Default: `safety.locale`. */
    locale: z.string().min(2).max(16).optional(),
  })
  .meta({ id: 'ValidateText' });
export type ValidateText = z.input<typeof ValidateText>;

/** A request whose text nobody has seen. */
export interface UnreadText {
  /** What was asked for. */
  readonly operation: string;
  /** As the request announced; null when it did not. */
  readonly bytes: number | null;
}

/** Part of the operations of a fleet; HTTP, client and CLI speak to it. */
export interface SafetyRulesOperations {
  /** Patterns and the document itself only for administrators. */
  safety(caller: Caller): Promise<SafetyOverview>;
  /**
   * Store a document and hold it. Errors: safety_rules_invalid (422) with `kept_version`, safety_rules_stale (412),
   * backend_unavailable
   */
  putSafetyRules(
    document: unknown,
    options: { readonly ifMatch?: string | undefined },
    caller: Caller,
  ): Promise<RulesChanged>;
  /** Never applies anything. */
  checkSafetyRules(document: unknown): Promise<RulesCheck>;
  /** Errors: safety_rules_version_not_found, those of putSafetyRules. */
  rollbackSafetyRules(request: RollbackRules, caller: Caller): Promise<RulesChanged>;
  /** Returns when the newest rules hold in the process that answers. Errors: safety_rules_invalid, backend_unavailable. */
  reloadSafetyRules(caller: Caller): Promise<RulesChanged>;
  /** A dry run: nothing is stored, nobody is told. A text that is refused for its length is audited. Errors: text_too_large. */
  validateText(request: ValidateText, caller: Caller): Promise<ValidationResult>;
  /** Audits that a request that carries a text was too large to be read, so that nobody judged it. Never rejects. */
  noteUnreadText(unread: UnreadText, caller: Caller): Promise<void>;
}
