import type { SafetyHealth } from '../../contracts/safety-operations/reports.ts';
import { hasRole, type Caller } from '../../contracts/caller.ts';
import type {
  RulesChanged,
  SafetyOverview,
  SafetyRulesOperations,
  SafetyRuleView,
} from '../../contracts/safety-operations/rules.ts';
import { ValidateText } from '../../contracts/safety-operations/rules.ts';
import { BUILT_IN_RULES } from '../../safety/rules/built-in.ts';
import { DEFAULT_DOCUMENT } from '../../safety/rules/default-document.ts';
import type { RuleSet } from '../../safety/rules/rule-set.ts';
import { validationFailed } from '../../workflows/start.ts';
import { isFleetError } from '../../kernel/errors.ts';
import type { AuditFields } from '../../safety/record/side-writes.ts';
import { judgeLine } from '../../safety/screening/judge-line.ts';
import type { SafetyRoom } from '../open-safety-room.ts';

/** What operators can ask of the rules. The room is opened when it is first needed. */
export function safetyRulesOperations(
  open: () => Promise<SafetyRoom>,
  about: {
    readonly isEnabled: boolean;
    readonly reachesPeople: boolean;
    /** Errors: backend_unavailable. */
    readonly health: () => Promise<SafetyHealth>;
    /** Never rejects. */
    readonly audit: (fields: AuditFields) => Promise<void>;
  },
): SafetyRulesOperations {
  const changed = ({ rules }: SafetyRoom): RulesChanged => ({ ok: true, status: rules.status() });
  return {
    async safety(caller) {
      const room = await open();
      const { last_error: refused, live } = room.rules.status();
      const health = await about.health().then(
        ({ status }) => status,
        () => 'warning' as const,
      );
      return overviewOf(room, caller, {
        enabled: about.isEnabled,
        human_channel: about.reachesPeople ? 'configured' : 'none',
        system_health: health === 'healthy' && (refused !== null || !live) ? 'warning' : health,
      });
    },
    async putSafetyRules(document, { ifMatch }, caller) {
      const room = await open();
      await room.rules.put(document, { by: caller.id, ifMatch });
      return changed(room);
    },
    checkSafetyRules: async (document) => (await open()).rules.check(document),
    async rollbackSafetyRules({ version }, caller) {
      const room = await open();
      await room.rules.rollback({ by: caller.id, version });
      return changed(room);
    },
    async reloadSafetyRules(caller) {
      const room = await open();
      await about.audit({ event: 'rules.reload', actor: caller.id });
      await room.rules.reload();
      return changed(room);
    },
    async validateText(request, caller) {
      const parsed = ValidateText.safeParse(request);
      if (!parsed.success) throw validationFailed(parsed.error, 'text', '');
      const { text, stage, context, locale } = parsed.data;
      try {
        const { judge } = await open();
        const options = { stage, ...(context === undefined ? {} : { context }) };
        const place = locale === undefined ? {} : { locale };
        const result = judge.validatorFor(locale).validateText(text, { ...options, ...place });
        if (locale !== undefined || stage === 'output' || result.crisis_detected) return result;
        // As a player's line is: in any language, where none is named.
        return judgeLine(judge, text, { ...options, includeAudit: true }).validation;
      } catch (error) {
        if (isFleetError(error) && error.code === 'text_too_large') {
          await about.audit({ event: 'text.refused', actor: caller.id, stage, length: text.length });
        }
        throw error;
      }
    },
    noteUnreadText: ({ operation, bytes }, caller) =>
      about.audit({
        event: 'text.refused',
        actor: caller.id,
        stage: 'input',
        operation,
        ...(bytes !== null && { bytes }),
      }),
  };
}

function overviewOf(
  { rules, phrases }: SafetyRoom,
  caller: Caller,
  facts: Pick<SafetyOverview, 'enabled' | 'human_channel' | 'system_health'>,
): SafetyOverview {
  const { rules: held } = rules;
  const { document } = held;
  const status = rules.status();
  const isAdmin = hasRole(caller, 'admin');
  return {
    ...facts,
    status: isAdmin ? status : { ...status, last_error: withoutMessages(status.last_error) },
    rules: viewsOf(held, isAdmin),
    counts: {
      rules: document.rules.length,
      patterns: document.rules.filter(({ pattern }) => pattern !== undefined).length,
      terms: document.rules.reduce((sum, { terms = [] }) => sum + terms.length, 0),
      phrases,
    },
    ...(isAdmin ? { document } : {}),
  };
}

/** What is built in, as the document tunes it, and the rules of the document; by weight. */
function viewsOf(held: RuleSet, isAdmin: boolean): SafetyRuleView[] {
  const builtIn = [...BUILT_IN_RULES.values()].map((rule): [string, SafetyRuleView] => {
    const { id, category, priority, level } = held.tuned(rule);
    return [id, { id, category, priority, level, built_in: true }];
  });
  const views = new Map(builtIn);
  for (const rule of [...DEFAULT_DOCUMENT.rules, ...held.document.rules]) {
    const known = views.get(rule.id);
    const isOwn = held.document.rules.includes(rule);
    const { id, category, priority, level } = known ?? rule;
    views.set(id, {
      ...(isAdmin ? rule : {}),
      id,
      category,
      priority: Math.max(priority, rule.priority),
      level: known === undefined || level === 'safe' ? rule.level : level,
      built_in: known?.built_in ?? !isOwn,
    });
  }
  return [...views.values()].sort((a, b) => b.priority - a.priority || (a.id < b.id ? -1 : 1));
}

/** A message of a refusal may hold a pattern. */
function withoutMessages(
  error: SafetyOverview['status']['last_error'],
): SafetyOverview['status']['last_error'] {
  if (error === null) return null;
  return { ...error, errors: error.errors.map((one) => ({ ...one, message: one.code })) };
}
