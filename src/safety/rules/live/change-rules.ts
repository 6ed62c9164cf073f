import { FleetError, isFleetError } from '../../../kernel/errors.ts';
import type { RuleSet } from '../rule-set.ts';
import { digestOf, type RulesStore } from './rules-store.ts';

/** The rules of a process, as somebody changes them. */
export interface RulesInChange {
  readonly stored: RulesStore;
  readonly compile: (document: unknown) => Promise<RuleSet>;
  /** What was stored before is looked at after it. */
  readonly refresh: () => Promise<void>;
  readonly held: () => RuleSet;
  /** Whether what stands in Redis was refused. */
  readonly isRefused: () => boolean;
  /** Digest of what stands in Redis, `absent`, or null where it was not read. */
  readonly standing: () => string | null;
  /** Tells of the refusal, and returns what to throw. */
  readonly reject: (error: FleetError, by: string) => FleetError;
}

export interface Change {
  readonly by: string;
  readonly ifMatch?: string | undefined;
}

export interface Rollback {
  readonly by: string;
  readonly version?: string | undefined;
}

/** Two writers who began with the same version are told apart by a script: one of them has to look again. */
export async function putRules(
  rules: RulesInChange,
  document: unknown,
  { by, ifMatch }: Change,
): Promise<void> {
  const compiled = await rules.compile(document).catch((error: unknown) => {
    throw isFleetError(error) && error.problems !== undefined ? rules.reject(error, by) : error;
  });
  await rules.refresh();
  const before = rules.held();
  if (ifMatch !== undefined && ifMatch !== before.version) throw rulesStale(before.version);
  const text = JSON.stringify(document);
  if (digestOf(text) === rules.standing() && !rules.isRefused()) return;
  const isWritten = await rules.stored.write(text, {
    version: compiled.version,
    by,
    expected: ifMatch === undefined ? null : rules.standing(),
    before: { version: before.version, document: before.document },
  });
  await rules.refresh();
  if (!isWritten) throw rulesStale(rules.held().version);
}

export async function rollBackRules(rules: RulesInChange, { by, version }: Rollback): Promise<void> {
  await rules.refresh();
  const now = rules.held().version;
  const history = await rules.stored.history();
  const entry = history.find((one) =>
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
  await putRules(rules, entry.document, { by, ifMatch: now });
}

function rulesStale(held: string): FleetError {
  return new FleetError({
    code: 'safety_rules_stale',
    kind: 'conflict',
    httpStatus: 412,
    message: `other rules hold by now: version ${held}`,
    details: { current_version: held },
  });
}
