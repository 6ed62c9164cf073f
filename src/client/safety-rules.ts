import type {
  RollbackRules,
  RulesChanged,
  RulesCheck,
  SafetyOverview,
  ValidateText,
} from '../contracts/safety-operations/rules.ts';
import type { ValidationResult } from '../contracts/safety.ts';
import type { CallOptions, SubmitCallOptions } from './client.ts';
import type { Call } from './transport.ts';

/** The rules by which a fleet judges texts. */
export interface SafetyRulesClient {
  /** Which rules hold; the document itself for administrators. */
  safety(options?: CallOptions): Promise<SafetyOverview>;
  /** Puts a rules document in the place of the one that holds; with `ifMatch` only if that version still does. */
  putSafetyRules(
    document: unknown,
    options?: CallOptions & { readonly ifMatch?: string },
  ): Promise<RulesChanged>;
  /** Every fault of a rules document; changes nothing. */
  checkSafetyRules(document: unknown, options?: CallOptions): Promise<RulesCheck>;
  /** Back to earlier rules: those of a version, or the newest that do not hold. */
  rollbackSafetyRules(request?: RollbackRules, options?: SubmitCallOptions): Promise<RulesChanged>;
  /** Reads the rules anew. */
  reloadSafetyRules(options?: SubmitCallOptions): Promise<RulesChanged>;
  /** Judges a text without any consequence. */
  validateText(request: ValidateText, options?: CallOptions): Promise<ValidationResult>;
}

interface Calls {
  readonly get: <T>(path: string, options?: CallOptions) => Promise<T>;
  readonly post: <T>(path: string, body: unknown, options?: SubmitCallOptions) => Promise<T>;
  readonly ask: <T>(call: Call) => Promise<T>;
}

export function safetyRulesCalls({ get, post, ask }: Calls): SafetyRulesClient {
  return {
    safety: (o) => get('/v1/safety', o),
    putSafetyRules: (document, o) =>
      ask({
        method: 'PUT',
        path: '/v1/safety/rules',
        body: document,
        signal: o?.signal,
        ...(o?.ifMatch === undefined ? {} : { headers: { 'If-Match': `"${o.ifMatch}"` } }),
      }),
    checkSafetyRules: (document, o) => post('/v1/safety/rules/validate', document, o),
    rollbackSafetyRules: (request = {}, o) => post('/v1/safety/rules/rollback', request, o),
    reloadSafetyRules: (o) => post('/v1/safety/reload', {}, o),
    validateText: (request, o) => post('/v1/safety/validate', request, o),
  };
}
