import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { configJsonSchema, describeConfig, effectiveConfig } from '../../../config/describe.ts';
import { OTHER_ENV_NAMES } from '../../../config/env.ts';
import { configWarnings, loadConfig, type LoadOptions } from '../../../config/load.ts';
import { ConfigError } from '../../../config/problems.ts';
import { PROFILES } from '../../../config/profiles.ts';
import { RULES } from '../../../config/rules.ts';
import { KEY_ALIASES, keyAt, namesIn } from '../../../config/tree.ts';

const folder = mkdtempSync(join(tmpdir(), 'config-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function file(content: string, name = `${++files}.yaml`): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function problemsOf(options: LoadOptions): string[] {
  try {
    loadConfig({ env: {}, ...options });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ message }) => message);
    throw error;
  }
  return [];
}

const KEY = { id: 'ops', sha256: 'a'.repeat(64), roles: ['admin'] };
const CREDENTIALS = {
  AO_AUTH__API_KEYS: JSON.stringify([KEY]),
  AO_SAFETY__HMAC_SECRET: 'a secret of more than thirty-two bytes',
};
const MODELS = { LLM_BASE_URL: 'http://models/v1', LLM_MODEL: 'unheard-of' };

describe('layers', () => {
  test('an empty environment and no file give the documented defaults', () => {
    const config = loadConfig({ env: {} });
    for (const { key, default: value } of describeConfig()) {
      if (key in PROFILES.development || key === 'redis.bullmq_prefix') continue;
      expect(effectiveConfig(config).find((row) => row.key === key)?.value, key).toEqual(value);
    }
    expect(config.redis.bullmq_prefix).toBe('ao');
    expect(config.agents.world_builder.timeout).toBe(15);
  });

  test('defaults give way to the profile, the file, the environment and flags, in this order', () => {
    const configFile = file(
      'environment: testing\nshutdown: {drain_delay: 1}\nport: 2001\nmetrics: {port: 2002}',
    );
    const config = loadConfig({
      configFile,
      env: { AO_PORT: '3001', AO_METRICS__PORT: '3002' },
      overrides: { port: '4001' },
    });
    const rows = new Map(effectiveConfig(config).map((row) => [row.key, row]));
    expect(rows.get('port')).toMatchObject({ value: 4001, source: 'flag', origin: 'flag port' });
    expect(rows.get('metrics.port')).toMatchObject({
      value: 3002,
      source: 'env',
      origin: 'env AO_METRICS__PORT',
    });
    expect(rows.get('shutdown.drain_delay')).toMatchObject({ value: 1, source: 'file' });
    expect(rows.get('log.level')).toMatchObject({ value: 'silent', source: 'profile' });
    expect(rows.get('shutdown.grace')).toMatchObject({ value: 25, source: 'default' });
  });

  test('the file is the one given, else the one in AO_CONFIG', () => {
    const first = file('port: 2001');
    const second = file('port: 2002');
    expect(loadConfig({ env: { AO_CONFIG: second } }).port).toBe(2002);
    expect(loadConfig({ env: { AO_CONFIG: second }, configFile: first }).port).toBe(2001);
  });

  test('the loaded configuration is frozen throughout', () => {
    const config = loadConfig({ env: {} });
    expect(Object.isFrozen(config.workflow.error_handling.circuit_breaker)).toBe(true);
  });

  test('port 0 asks for any free port, for the API and for metrics', () => {
    const config = loadConfig({ env: { AO_PORT: '0', AO_METRICS__PORT: '0' } });
    expect([config.port, config.metrics.port]).toEqual([0, 0]);
  });

  test('the prefix of BullMQ follows the key prefix until it is set', () => {
    expect(loadConfig({ env: { AO_REDIS__KEY_PREFIX: '{ao:0}' } }).redis.bullmq_prefix).toBe('{ao:0}');
    const both = { AO_REDIS__KEY_PREFIX: 'a', AO_REDIS__BULLMQ_PREFIX: 'b' };
    expect(loadConfig({ env: both }).redis.bullmq_prefix).toBe('b');
  });
});

describe('environment', () => {
  test('booleans, durations, sizes and lists are read from their texts', () => {
    const config = loadConfig({
      env: {
        AO_FEATURES__BULL_BOARD: 'Off',
        AO_SHUTDOWN__GRACE: '2m',
        AO_HTTP__BODY_LIMIT: '64KB',
        AO_HTTP__CORS_ORIGINS: 'https://a.example, https://b.example',
        AO_HTTP__TRUST_PROXY: '1',
        AO_AGENTS__IPA__TIMEOUT: '2.5',
        AO_AGENTS__NGA__GLOBAL_CONCURRENCY: 'null',
        ...CREDENTIALS,
      },
    });
    expect(config.features.bull_board).toBe(false);
    expect(config.shutdown.grace).toBe(120);
    expect(config.http.body_limit).toBe(65_536);
    expect(config.http.cors_origins).toEqual(['https://a.example', 'https://b.example']);
    expect(config.http.trust_proxy).toBe(1);
    expect(config.agents.input_processor.timeout).toBe(2.5);
    expect(config.auth.api_keys).toEqual([KEY]);
  });

  test('a value can be read from a file, for secrets that are mounted', () => {
    const secret = file('redis://:hidden@db:6379/0\n', 'redis-url');
    expect(loadConfig({ env: { AO_REDIS__URL_FILE: secret } }).redis.url).toBe('redis://:hidden@db:6379/0');
    expect(problemsOf({ env: { AO_REDIS__URL_FILE: join(folder, 'absent') } })).toEqual([
      expect.stringMatching(
        /^redis\.url: cannot read the file ".*absent": .* \(from env AO_REDIS__URL_FILE\)$/,
      ),
    ]);
    expect(problemsOf({ env: { AO_REDIS__URL_FILE: secret, AO_REDIS__URL: 'redis://db' } })).toEqual([
      'redis.url: set twice, by AO_REDIS__URL and AO_REDIS__URL_FILE; keep one (from env)',
    ]);
  });

  test('an unknown variable with our prefix is refused with the nearest name', () => {
    expect(problemsOf({ env: { AO_REDIS__KEY_PREFX: 'x', AO_ENV: 'testing', OTHER: '1' } })).toEqual([
      'AO_REDIS__KEY_PREFX: unknown environment variable, did you mean AO_REDIS__KEY_PREFIX?',
    ]);
  });

  test('short and legacy names work, legacy ones with a warning, and AO_ names win over both', () => {
    const env = { SLA_MS: '1500', SESSION_MAX_PENDING: '3', TTA_ENVIRONMENT: 'testing', REDIS_PREFIX: 'x' };
    const config = loadConfig({ env: { ...env, AO_REDIS__KEY_PREFIX: 'y' } });
    expect(config.performance.response_time_target).toBe(1.5);
    expect(config.sessions.max_pending).toBe(3);
    expect(config.environment).toBe('testing');
    expect(config.redis.key_prefix).toBe('y');
    expect(configWarnings(config)).toEqual(['TTA_ENVIRONMENT is deprecated, set AO_ENVIRONMENT instead']);
    expect(problemsOf({ env: { SLA_MS: 'soon' } })).toEqual([
      expect.stringMatching(
        /^performance\.response_time_target: expected duration .*, got "soon" \(from env SLA_MS\)$/,
      ),
    ]);
  });
});

describe('problems', () => {
  test('[R8.4] three wrong keys are three lines', () => {
    const env = { AO_PORT: '80', AO_LOG__LEVEL: 'loud', AO_SESSIONS__MAX_PENDING: 'abc' };
    expect(problemsOf({ env })).toEqual([
      'port: expected integer 1024..65535, or 0 for any free port, got 80 (from env AO_PORT)',
      'sessions.max_pending: expected integer 1..1000, got "abc" (from env AO_SESSIONS__MAX_PENDING)',
      'log.level: expected one of trace, debug, info, warn, error, fatal, silent, got "loud" (from env AO_LOG__LEVEL)',
    ]);
  });

  test('the error is config_invalid and carries JSON pointers', () => {
    const attempt = () => loadConfig({ env: { AO_METRICS__PORT: 'x' } });
    expect(attempt).toThrow(
      expect.objectContaining({
        code: 'config_invalid',
        kind: 'invalid_input',
        problems: [expect.objectContaining({ path: '/metrics/port' })],
      }),
    );
  });

  test('an unknown environment is an error', () => {
    expect(problemsOf({ env: { AO_ENV: 'prod' } })).toEqual([
      'environment: expected one of development, testing, staging, production, got "prod" (from env AO_ENV)',
    ]);
  });

  test('unknown flags and unknown fields of an API key are named with suggestions', () => {
    expect(problemsOf({ overrides: { 'redis.urll': 'x' } })).toEqual([
      'redis.urll: unknown key, did you mean redis.url? (from flag redis.urll)',
    ]);
    expect(problemsOf({ env: { AO_AUTH__API_KEYS: JSON.stringify([{ ...KEY, role: 'x' }]) } })).toEqual([
      'auth.api_keys[0].role: unknown key, did you mean roles? (from env AO_AUTH__API_KEYS)',
    ]);
  });

  test('secrets appear neither in messages nor in the effective configuration', () => {
    const env = {
      AO_REDIS__URL: 'postgres://u:hunter2@db',
      AO_AUTH__API_KEYS: '[{"id":"a","sha256":"hunter2"}]',
    };
    expect(problemsOf({ env }).join()).not.toContain('hunter2');
    const config = loadConfig({
      env: { ...CREDENTIALS, AO_REDIS__URL: 'redis://u:hunter2@db/0?password=hunter2' },
    });
    const dump = JSON.stringify(effectiveConfig(config));
    expect(dump).not.toContain('hunter2');
    expect(dump).not.toContain(KEY.sha256);
    expect(dump).toContain('redis://***REDACTED***@db/0');
  });

  test('the key of a model provider is shown nowhere, not even in an address that is refused', () => {
    const refused = { AO_LLM__BASE_URL: 'https://u:hunter2@models/v1', LLM_API_KEY: 'hunter2 with spaces' };
    const problems = problemsOf({ env: refused });
    expect(problems).toHaveLength(2);
    expect(problems.join()).not.toContain('hunter2');
    const config = loadConfig({ env: { ...MODELS, LLM_API_KEY: 'hunter2' } });
    expect(config.llm.api_key).toBe('hunter2');
    const rows = effectiveConfig(config).filter(({ key }) => key.startsWith('llm.'));
    expect(rows.find(({ key }) => key === 'llm.api_key')?.value).toBe('***REDACTED***');
    expect(JSON.stringify(rows)).not.toContain('hunter2');
  });

  test('a budget over models is judged by prices, which may be given', () => {
    const prices = JSON.stringify([{ model: 'unheard-of', input: 0.01, output: 0.02 }]);
    const env = { ...MODELS, AO_LLM__DAILY_BUDGET_USD: '2.5', AO_LLM__PRICES: prices };
    expect(loadConfig({ env }).llm).toMatchObject({ daily_budget_usd: 2.5, model: 'unheard-of' });
    expect(problemsOf({ env: { ...env, AO_LLM__FALLBACK_MODELS: 'gpt-4,other' } })).toEqual([
      expect.stringContaining('got none for other'),
    ]);
  });

  test('[C6] circuits have settings of their own by name, and every problem of them is told', () => {
    const configFile = file('circuits: {provider.main: {failure_threshold: 3, call_timeout_ms: 500}}');
    const own = { 'provider.main': { failure_threshold: 3, call_timeout_ms: 500 } };
    expect(loadConfig({ env: {}, configFile }).circuits).toEqual(own);
    expect(loadConfig({ env: { AO_CIRCUITS: JSON.stringify(own) } }).circuits).toEqual(own);
    const wrong = { 'a b': {}, x: { failure_threshold: 0, timeout_seconds: 'long', failures: 1 } };
    expect(problemsOf({ env: { AO_CIRCUITS: JSON.stringify(wrong) } })).toEqual([
      expect.stringContaining('circuits: expected settings of circuits by their names'),
      expect.stringContaining('circuits.x.failure_threshold: expected integer 1..100, got 0'),
      expect.stringContaining('circuits.x.timeout_seconds: expected number 1..3600 of seconds, got "long"'),
      expect.stringContaining('circuits.x.failures: unknown key'),
    ]);
  });

  test('[R8.1] types of agents that modules bring have settings by name, and every problem of them is told', () => {
    const configFile = file('agents: {custom: {echo: {timeout: 500ms}}}');
    expect(() => loadConfig({ env: {}, configFile })).toThrow(
      /agents.custom.echo.timeout: expected duration/,
    );
    const own = { echo: { timeout: 2, concurrency: 8, global_concurrency: 16 }, 'My-agent_2': {} };
    expect(loadConfig({ env: { AO_AGENTS__CUSTOM: JSON.stringify(own) } }).agents.custom).toEqual(own);
    const timed = file('agents: {custom: {echo: {timeout: 2m}}}');
    expect(loadConfig({ env: {}, configFile: timed }).agents.custom).toEqual({ echo: { timeout: 120 } });
    const wrong = { 'a b': {}, x: { timeout: 'long', concurrency: 0, retries: 1 } };
    expect(problemsOf({ env: { AO_AGENTS__CUSTOM: JSON.stringify(wrong) } })).toEqual([
      expect.stringContaining('agents.custom: expected settings by type'),
      expect.stringContaining('agents.custom.x.timeout: expected duration 1..300 s'),
      expect.stringContaining('agents.custom.x.concurrency: expected integer 1..1000, got 0'),
      expect.stringContaining('agents.custom.x.retries: unknown key'),
    ]);
  });

  test('times for models are not judged where no model is asked', () => {
    expect(problemsOf({ env: { AO_AGENTS__NARRATIVE_GENERATOR__TIMEOUT: '5' } })).toEqual([]);
  });

  test.each([
    [{ AO_WORKFLOW__ERROR_HANDLING__TIMEOUT_SECONDS: '30' }, RULES[0]],
    [{ AO_WORKFLOW__ERROR_HANDLING__CIRCUIT_BREAKER__TIMEOUT_SECONDS: '400' }, RULES[1]],
    [{ AO_WORKFLOW__ERROR_HANDLING__CIRCUIT_BREAKER__HALF_OPEN_MAX_CALLS: '1' }, RULES[2]],
    [{ AO_SHUTDOWN__DRAIN_DELAY: '25' }, RULES[3]],
    [{ AO_AUTH__API_KEYS: JSON.stringify([KEY, KEY]) }, RULES[4]],
    [{ AO_HTTP__HOST: '0.0.0.0' }, RULES[5]],
    [{ AO_ENV: 'staging', ...CREDENTIALS, AO_AUTH__API_KEYS: '', REDIS_URL: 'redis://db' }, RULES[6]],
    [{ AO_ENV: 'production', ...CREDENTIALS }, RULES[7]],
    [{ AO_ENV: 'staging', ...CREDENTIALS, REDIS_URL: 'redis://db', AO_HTTP__CORS_ORIGINS: '*' }, RULES[8]],
    [
      { AO_ENV: 'production', ...CREDENTIALS, REDIS_URL: 'redis://db', AO_LOG__INCLUDE_CONTENT: 'y' },
      RULES[9],
    ],
    [
      {
        AO_ENV: 'production',
        ...CREDENTIALS,
        REDIS_URL: 'redis://db',
        AO_WORKFLOW__ACCEPT_CHANGED_PLANS: 'y',
      },
      RULES[10],
    ],
    [{ AO_ENV: 'staging', ...CREDENTIALS, REDIS_URL: 'redis://db', AO_SAFETY__ENABLED: 'no' }, RULES[11]],
    [
      {
        AO_ENV: 'production',
        AO_AUTH__API_KEYS: CREDENTIALS.AO_AUTH__API_KEYS,
        REDIS_URL: 'redis://db',
      },
      RULES[12],
    ],
    [{ LLM_BASE_URL: 'http://models' }, RULES[13]],
    [{ ...MODELS, AO_REAL_AGENTS__TIMEOUTS__IPA: '10' }, RULES[14]],
    [{ ...MODELS, AO_REAL_AGENTS__TIMEOUTS__WBA: '15' }, RULES[15]],
    [{ ...MODELS, AO_REAL_AGENTS__TIMEOUTS__NGA: '20' }, RULES[16]],
    [{ ...MODELS, AO_LLM__DAILY_BUDGET_USD: '2.5' }, RULES[21]],
    [{ AO_SAFETY__CHANNELS__WEBHOOK__ENABLED: 'true' }, RULES[17]],
    [{ AO_SAFETY__CHANNELS__EMAIL__ENABLED: 'true' }, RULES[18]],
    [{ AO_SAFETY__CHANNELS__CHAT__ENABLED: 'true' }, RULES[19]],
    [{ AO_SAFETY__CHANNELS__PAGER__ENABLED: 'true' }, RULES[20]],
    [{ AO_MESSAGING__BACKOFF_MAX: '0.5' }, RULES[22]],
    [{ AO_CIRCUITS: '{"provider.main":{"timeout_seconds":400,"success_threshold":4}}' }, RULES[23]],
    [{ AO_SAFETY__NOTIFY__INCLUDE_EXCERPT: 'true' }, RULES[24]],
    [{ AO_AGENTS__HEARTBEAT_TTL: '30', AO_AGENTS__HEARTBEAT_INTERVAL: '30' }, RULES[25]],
    [{ AO_AGENTS__RECORD_RETENTION: '20' }, RULES[26]],
    [
      {
        AO_AGENTS__IPA__INSTANCES: '["a","a","b"]',
        AO_AGENTS__IPA__INSTANCE: 'c',
        AO_AGENTS__IPA__MAX_INSTANCES: '2',
      },
      RULES[27],
    ],
    [{ AO_AGENTS__WBA__INSTANCES: '["a","b","c"]', AO_AGENTS__WBA__INSTANCE: 'd' }, RULES[28]],
    [{ AO_AGENTS__NGA__INSTANCES: '["a","b","c","d"]', AO_AGENTS__NGA__INSTANCE: 'e' }, RULES[29]],
    [
      { AO_ROUTER__WEIGHT_QUEUE: '0', AO_ROUTER__WEIGHT_HEARTBEAT: '0', AO_ROUTER__WEIGHT_SUCCESS: '0' },
      RULES[30],
    ],
    [{ AO_MONITORING__RESTART_POLICY__BASE: '61' }, RULES[31]],
    [{ AO_AGENTS__CUSTOM: '{"nga":{"concurrency":2}}' }, RULES[32]],
  ])('a broken rule names its keys: %j', (env, rule) => {
    const [message, ...rest] = problemsOf({ env });
    expect(rest).toEqual([]);
    for (const key of rule?.keys ?? ['missing rule']) expect(message).toContain(key);
  });

  test('every rule has a case above', () => {
    expect(RULES).toHaveLength(33);
  });

  test('production with credentials and Redis starts, and insists on noeviction', () => {
    const config = loadConfig({
      env: {
        AO_ENV: 'production',
        AO_HTTP__HOST: '0.0.0.0',
        ...CREDENTIALS,
        REDIS_URL: 'rediss://db:6380/1',
      },
    });
    expect(config.redis.require_noeviction).toBe(true);
    expect(config.shutdown.drain_delay).toBe(5);
  });
});

test('every alias, profile value and rule speaks of keys that exist', () => {
  for (const { key } of OTHER_ENV_NAMES) expect(keyAt(key), key).toBeDefined();
  for (const target of KEY_ALIASES.values()) expect(keyAt(target) ?? namesIn(target), target).toBeDefined();
  for (const key of Object.values(PROFILES).flatMap((profile) => Object.keys(profile))) {
    expect(keyAt(key), key).toBeDefined();
  }
  for (const key of RULES.flatMap((rule) => rule.keys)) expect(keyAt(key), key).toBeDefined();
});

test('every key has a description, and the JSON Schema carries it', () => {
  for (const { key, description } of describeConfig()) expect(description, key).not.toBe('');
  expect(JSON.stringify(configJsonSchema())).toContain('Port of the HTTP API');
});
