import type { z } from 'zod';
import type { FieldProblem } from '../src/kernel/errors.ts';
import { readEnvironment, readFlags } from './env.ts';
import { readConfigFile } from './file.ts';
import {
  ConfigError,
  dotted,
  problem,
  unknownName,
  wrongValue,
  type Assignment,
  type Source,
} from './problems.ts';
import { PROFILES } from './profiles.ts';
import { RULES } from './rules.ts';
import { ConfigSchema, ENVIRONMENTS, type Config, type Environment, type ParsedConfig } from './schema.ts';
import { keyAt, KEYS, namesIn, schemaAt } from './tree.ts';

export interface LoadOptions {
  /** Values from the command line by path; they go over everything else. */
  readonly overrides?: Readonly<Record<string, string>>;
  /** Default: the environment of the process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Default: `AO_CONFIG`, else config/agent-orchestration.yaml when it exists. */
  readonly configFile?: string;
}

/** Where the value of each key of a loaded configuration came from. */
export interface Provenance {
  readonly sources: ReadonlyMap<string, { source: Source; origin: string }>;
  readonly warnings: readonly string[];
}

const PROVENANCE = new WeakMap<Config, Provenance>();

/**
 * Load the configuration: defaults, then the profile of the environment, then the file, then variables, then
 * flags. Nothing falls back in silence: any invalid value, unknown key or unknown `AO_…` variable is an error.
 *
 * @returns the whole configuration, frozen
 * Errors: ConfigError (config_invalid, invalid_input) with every problem, one line each
 */
export function loadConfig(options: LoadOptions = {}): Config {
  const env = options.env ?? process.env;
  const file = readConfigFile(options.configFile ?? emptyAsAbsent(env['AO_CONFIG']), env);
  const layers = [file, readEnvironment(env), readFlags(options.overrides ?? {})];
  const problems = layers.flatMap((layer) => layer.problems);

  const assigned = new Map<string, Assignment>();
  for (const assignment of layers.flatMap((layer) => layer.assignments))
    assigned.set(assignment.key, assignment);
  for (const assignment of profileOf(assigned)) {
    if (!assigned.has(assignment.key)) assigned.set(assignment.key, assignment);
  }

  const parsed = validate(assigned, problems);
  const unusable = new Set([...layers.flatMap((layer) => layer.unusableKeys), ...parsed.badKeys]);
  if (file.isReadable) problems.push(...brokenRules(parsed.config, unusable, assigned));
  if (problems.length > 0) throw new ConfigError(problems);

  const { redis } = parsed.config;
  const config: Config = deepFreeze({
    ...parsed.config,
    redis: { ...redis, bullmq_prefix: redis.bullmq_prefix ?? redis.key_prefix },
  });
  const sources = new Map([...assigned.values()].map(({ key, source, origin }) => [key, { source, origin }]));
  PROVENANCE.set(config, { sources, warnings: layers.flatMap((layer) => layer.warnings) });
  return config;
}

/** Empty for a configuration that was not made by {@link loadConfig}. */
export function provenanceOf(config: Config): Provenance {
  return PROVENANCE.get(config) ?? { sources: new Map(), warnings: [] };
}

/** What the operator should know although the configuration is valid: deprecated names, one line each. */
export function configWarnings(config: Config): readonly string[] {
  return provenanceOf(config).warnings;
}

function profileOf(assigned: ReadonlyMap<string, Assignment>): Assignment[] {
  const chosen = assigned.has('environment')
    ? assigned.get('environment')!.value
    : keyAt('environment')!.default;
  const environment = ENVIRONMENTS.find((name) => name === chosen);
  if (environment === undefined) return []; // reported as a wrong value
  return Object.entries(PROFILES[environment]).map(([key, value]) =>
    profileAssignment(environment, key, value),
  );
}

function profileAssignment(environment: Environment, key: string, value: unknown): Assignment {
  return { key, value, source: 'profile', origin: `profile ${environment}` };
}

interface Validated {
  /** Valid throughout: a bad value is reported and replaced by its default, so that the rules can be judged. */
  readonly config: ParsedConfig;
  readonly badKeys: ReadonlySet<string>;
}

function validate(assigned: ReadonlyMap<string, Assignment>, problems: FieldProblem[]): Validated {
  const raw = nest(assigned.values());
  const result = ConfigSchema.safeParse(raw);
  if (result.success) return { config: result.data, badKeys: new Set() };

  const badKeys = new Set<string>();
  const seen = new Set<string>();
  for (const issue of result.error.issues) {
    for (const found of describeIssue(issue, raw, assigned)) {
      badKeys.add(found.key);
      if (!seen.has(found.problem.message)) problems.push(found.problem);
      seen.add(found.problem.message);
    }
  }
  const valid = [...assigned.values()].filter(({ key }) => !badKeys.has(key));
  return { config: ConfigSchema.parse(nest(valid)), badKeys };
}

/** One zod issue in our words; several names in one issue become one problem each. */
function describeIssue(
  issue: z.core.$ZodIssue,
  raw: unknown,
  assigned: ReadonlyMap<string, Assignment>,
): { key: string; problem: FieldProblem }[] {
  const key = KEYS.find(({ path }) => isWithin(dotted(issue.path), path))?.path ?? dotted(issue.path);
  const origin = assigned.get(key)?.origin;
  if (issue.code === 'unrecognized_keys') {
    const known = namesInRecord(issue.path);
    return issue.keys.map((name) => {
      return { key, problem: unknownName(dotted([...issue.path, name]), known, origin) };
    });
  }
  const described = schemaAt(issue.path, true);
  if (described?.traits === undefined) return [{ key, problem: problem(key, issue.message, origin) }];
  const value = described.path.reduce<unknown>(childOf, raw);
  return [{ key, problem: wrongValue(dotted(described.path), described.traits, value, origin) }];
}

function* brokenRulesOf(config: ParsedConfig, unusable: ReadonlySet<string>) {
  for (const rule of RULES) {
    if (rule.keys.some((key) => unusable.has(key))) continue;
    const what = rule.check(config);
    if (what !== undefined) yield { rule, what };
  }
}

function brokenRules(
  config: ParsedConfig,
  unusable: ReadonlySet<string>,
  assigned: ReadonlyMap<string, Assignment>,
): FieldProblem[] {
  return [...brokenRulesOf(config, unusable)].map(({ rule, what }) => {
    const origins = rule.keys.flatMap((key) => assigned.get(key)?.origin ?? []);
    return problem(rule.keys[0], what, origins.length === 0 ? undefined : origins.join(', '), 'conflict');
  });
}

function nest(assignments: Iterable<Assignment>): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const { key, value } of assignments) {
    const segments = key.split('.');
    let section = root;
    for (const segment of segments.slice(0, -1)) {
      section = (section[segment] ??= {}) as Record<string, unknown>; // keys never lie below other keys
    }
    section[segments.at(-1)!] = value;
  }
  return root;
}

function namesInRecord(path: readonly PropertyKey[]): string[] {
  return namesIn(path.map(String).join('.')) ?? [];
}

function childOf(value: unknown, segment: PropertyKey): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, segment) : undefined;
}

function isWithin(path: string, key: string): boolean {
  return path === key || path.startsWith(`${key}.`) || path.startsWith(`${key}[`);
}

function emptyAsAbsent(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}
