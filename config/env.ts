import { readFileSync } from 'node:fs';
import { assertNever, type FieldProblem } from '../src/kernel/errors.ts';
import { parseBoolean, parseNumber } from './durations.ts';
import type { KeyTraits } from './keys.ts';
import { didYouMean, problem, type Assignment, type Layer } from './problems.ts';
import { aliasesOf, canonicalPath, envName, keyAt, KEYS } from './tree.ts';

/** Variables with the prefix that are no keys. */
const CONTROL_NAMES: ReadonlySet<string> = new Set(['AO_CONFIG']);

/** Names from before the prefix. `isLegacy` ones are accepted with a deprecation warning. */
interface OtherName {
  readonly name: string;
  readonly key: string;
  readonly isLegacy: boolean;
  /** Turns the text into the unit of the key. */
  readonly convert?: (text: string) => unknown;
}

export const OTHER_ENV_NAMES: readonly OtherName[] = [
  short('SESSION_TTL_SECONDS', 'sessions.ttl_seconds'),
  short('SESSION_MAX_PENDING', 'sessions.max_pending'),
  short('LATENCY_MODE', 'sessions.latency_mode'),
  short('SCHEDULING', 'workflow.scheduling'),
  short('CONTEXT_MAX_CHARS', 'sessions.context_max_chars'),
  { ...short('SLA_MS', 'performance.response_time_target'), convert: millisecondsToSeconds },
  short('WORKFLOW_MAX_OPEN_RUNS', 'workflow.max_open_runs'),
  short('WORKFLOW_RETENTION_SECONDS', 'retention.workflow_seconds'),
  short('WORKFLOW_TOTAL_TIMEOUT_SECONDS', 'workflow.error_handling.timeout_seconds'),
  short('WORKFLOW_STEP_TIMEOUT_SECONDS', 'workflow.error_handling.step_timeout_seconds'),
  short('LLM_BASE_URL', 'llm.base_url'),
  short('LLM_API_KEY', 'llm.api_key'),
  short('LLM_MODEL', 'llm.model'),
  short('LLM_TIMEOUT_MS', 'llm.timeout_ms'),
  short('REDIS_PREFIX', 'redis.key_prefix'),
  short('REDIS_URL', 'redis.url'),
  short('NEO4J_URL', 'neo4j.url'),
  short('NEO4J_USER', 'neo4j.user'),
  short('NEO4J_PASSWORD', 'neo4j.password'),
  legacy('AGENT_ORCHESTRATION_SAFETY_ENABLED', 'safety.enabled'),
  legacy('TTA_SAFETY_RULES_CONFIG', 'safety.rules_file'),
  legacy('TTA_ENVIRONMENT', 'environment'),
  legacy('TTA_MAX_CONCURRENT_WORKFLOWS', 'workflow.max_open_runs'),
  legacy('TTA_WORKFLOW_TIMEOUT_SECONDS', 'workflow.error_handling.timeout_seconds'),
  legacy('TTA_WORKFLOW_STEP_TIMEOUT_SECONDS', 'workflow.error_handling.step_timeout_seconds'),
  legacy('TTA_IPA_TIMEOUT', 'real_agents.timeouts.ipa'),
  legacy('TTA_WBA_TIMEOUT', 'real_agents.timeouts.wba'),
  legacy('TTA_NGA_TIMEOUT', 'real_agents.timeouts.nga'),
  legacy('TTA_MAX_RETRIES', 'real_agents.retry.max_retries'),
  legacy('TTA_BASE_DELAY', 'real_agents.retry.base_delay'),
  legacy('TTA_CIRCUIT_BREAKER_ENABLED', 'workflow.error_handling.circuit_breaker.enabled'),
  legacy(
    'TTA_CIRCUIT_BREAKER_FAILURE_THRESHOLD',
    'workflow.error_handling.circuit_breaker.failure_threshold',
  ),
  legacy('TTA_CIRCUIT_BREAKER_TIMEOUT_SECONDS', 'workflow.error_handling.circuit_breaker.timeout_seconds'),
  legacy(
    'TTA_CIRCUIT_BREAKER_RECOVERY_TIMEOUT_SECONDS',
    'workflow.error_handling.circuit_breaker.recovery_timeout_seconds',
  ),
];

/** `AO_…` name to key, aliases included. */
const KEY_BY_ENV_NAME: ReadonlyMap<string, string> = new Map([
  ...KEYS.map((key) => [key.env, key.path] as const),
  ...KEYS.flatMap((key) => aliasesOf(key.path).map((alias) => [envName(alias), key.path] as const)),
  ['AO_ENV', 'environment'] as const,
]);

/**
 * What the environment says: `AO_…` by path, `AO_…_FILE` by the content of a file, then the other names.
 * An unknown `AO_…` name is a problem, because a misspelt setting would otherwise be ignored in silence.
 */
export function readEnvironment(env: NodeJS.ProcessEnv): Layer {
  const assignments = new Map<string, Assignment & { name: string }>();
  const problems: FieldProblem[] = [];
  const unusableKeys: string[] = [];
  const warnings: string[] = [];

  const known = [...KEY_BY_ENV_NAME.keys(), ...CONTROL_NAMES];
  for (const name of Object.keys(env).sort()) {
    const text = env[name];
    if (text === undefined || !name.startsWith('AO_') || CONTROL_NAMES.has(name)) continue;
    const isFile = !KEY_BY_ENV_NAME.has(name) && name.endsWith('_FILE');
    const path = KEY_BY_ENV_NAME.get(isFile ? name.slice(0, -'_FILE'.length) : name);
    const key = path === undefined ? undefined : keyAt(path);
    if (key === undefined) {
      problems.push(
        problem(name, `unknown environment variable${didYouMean(name, known)}`, undefined, 'unknown_key'),
      );
      continue;
    }
    const earlier = assignments.get(key.path);
    if (earlier !== undefined) {
      problems.push(
        problem(key.path, `set twice, by ${earlier.name} and ${name}; keep one`, 'env', 'set_twice'),
      );
      continue;
    }
    const value = isFile ? contentOf(text) : { text };
    if ('reason' in value) {
      problems.push(
        problem(key.path, `cannot read the file ${JSON.stringify(text)}: ${value.reason}`, `env ${name}`),
      );
      unusableKeys.push(key.path);
      continue;
    }
    const origin = `env ${name}`;
    assignments.set(key.path, {
      key: key.path,
      value: fromText(value.text, key.traits),
      source: 'env',
      origin,
      name,
    });
  }

  for (const { name, key: path, isLegacy, convert } of OTHER_ENV_NAMES) {
    const text = env[name];
    if (text === undefined) continue;
    const earlier = assignments.get(path);
    if (isLegacy) {
      const instead = `set ${envName(path)} instead`;
      warnings.push(
        `${name} is deprecated${earlier ? ` and ignored beside ${earlier.name}` : `, ${instead}`}`,
      );
    }
    if (earlier !== undefined) continue;
    const traits = keyAt(path)!.traits; // every name in the table leads to a key, a test proves it
    const value = convert?.(text) ?? fromText(text, traits);
    assignments.set(path, { key: path, value, source: 'env', origin: `env ${name}`, name });
  }

  return { assignments: [...assignments.values()], problems, unusableKeys, warnings };
}

/** Values from the command line, by path; texts are read as in the environment. */
export function readFlags(overrides: Readonly<Record<string, string>>): Layer {
  const assignments: Assignment[] = [];
  const problems: FieldProblem[] = [];
  for (const [spelling, text] of Object.entries(overrides)) {
    const origin = `flag ${spelling}`;
    const key = keyAt(canonicalPath(spelling));
    if (key === undefined) {
      const known = KEYS.map(({ path }) => path);
      problems.push(problem(spelling, `unknown key${didYouMean(spelling, known)}`, origin, 'unknown_key'));
    } else {
      assignments.push({ key: key.path, value: fromText(text, key.traits), source: 'flag', origin });
    }
  }
  return { assignments, problems, unusableKeys: [], warnings: [] };
}

/**
 * A text as the value its key expects. What cannot be read stays a text, so that validation refuses it with
 * the usual message.
 */
export function fromText(text: string, traits: KeyTraits): unknown {
  if (traits.isNullable && (text === '' || text === 'null')) return null;
  switch (traits.kind) {
    case 'boolean':
      return parseBoolean(text) ?? text;
    case 'integer':
    case 'duration':
    case 'size':
      return parseNumber(text) ?? text;
    case 'boolean_or_integer':
      return (/^\s*\d+\s*$/.test(text) ? parseNumber(text) : parseBoolean(text)) ?? text;
    case 'list':
      return parseJson(text) ?? splitAtCommas(text);
    case 'records':
      return text.trim() === '' ? [] : (parseJson(text) ?? text);
    case 'named_records':
      return text.trim() === '' ? {} : (parseJson(text) ?? text);
    case 'text':
      return text;
    default:
      return assertNever(traits.kind, 'kind of key');
  }
}

function short(name: string, key: string): OtherName {
  return { name, key, isLegacy: false };
}

function legacy(name: string, key: string): OtherName {
  return { name, key, isLegacy: true };
}

function millisecondsToSeconds(text: string): unknown {
  const milliseconds = parseNumber(text);
  return milliseconds === undefined ? undefined : milliseconds / 1000;
}

/** Only texts that look like a JSON list or object are read as JSON. */
function parseJson(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // validation refuses the text with a message that names the key
  }
}

function splitAtCommas(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function contentOf(path: string): { text: string } | { reason: string } {
  try {
    return { text: readFileSync(path, 'utf8').trim() };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}
