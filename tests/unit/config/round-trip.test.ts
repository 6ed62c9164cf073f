import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { fromText } from '../../../config/env.ts';
import { loadConfig, type LoadOptions } from '../../../config/load.ts';
import { ConfigError } from '../../../config/problems.ts';
import { ENVIRONMENTS, LOG_LEVELS } from '../../../config/schema.ts';
import { KEYS, type Key } from '../../../config/tree.ts';

const folder = mkdtempSync(join(tmpdir(), 'config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const apiKey = fc.record(
  {
    id: fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/),
    sha256: fc.stringMatching(/^[0-9a-f]{64}$/),
    roles: fc.subarray(['user', 'enqueue', 'read', 'operate', 'admin'], { minLength: 1 }),
    rate: fc.integer({ min: 1, max: 100_000 }),
    allowed_cidrs: fc.constantFrom(['10.0.0.0/8'], ['fd00::/8', '127.0.0.0/8']),
    expires_at: fc.constant('2030-01-31T00:00:00Z'),
    user_id: fc.stringMatching(/^[a-z][a-z0-9_.-]{0,9}$/),
  },
  { requiredKeys: ['id', 'sha256', 'roles'] },
);

const price = fc.record({
  model: fc.constantFrom('gpt-4', 'own-model'),
  input: fc.constantFrom(0, 0.001, -1),
  output: fc.constantFrom(0, 0.002),
});

const address = fc.constantFrom(
  null,
  'https://hooks.example/a?b=c',
  'http://127.0.0.1:9000',
  'hooks.example',
);
const secret = fc.constantFrom(null, 'short', '0123456789abcdef0123456789abcdef');
const recipients = fc.subarray(['a@mail.example', 'b.c@mail.example', 'nobody']);
const filePath = (valid: string): fc.Arbitrary<unknown> => fc.constantFrom(null, valid, './c d', ' ');

const instances = fc.array(
  fc.oneof(
    fc.constantFrom('a', 'b-1', 'a b'),
    fc.record(
      {
        name: fc.constantFrom('a', 'c'),
        resources: fc.record(
          { cpu_threads: fc.nat(3), ram_bytes: fc.constantFrom(0, 1024, '512MB', 'much') },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: ['name'] },
    ),
  ),
  { maxLength: 3 },
);
const instance = fc.constantFrom(null, 'a', 'b-1', 'a b');
const version = fc.constantFrom('1.0.0', '2.1.0-beta.1', '1.0');

/** Keys whose values are words; all others follow from their kind. */
const WORDS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  environment: fc.constantFrom(...ENVIRONMENTS),
  'log.level': fc.constantFrom(...LOG_LEVELS),
  'telemetry.player_id': fc.constantFrom('hash', 'omit', 'plain'),
  'sessions.latency_mode': fc.constantFrom('fast', 'full', 'slow'),
  'workflow.scheduling': fc.constantFrom('adaptive', 'fixed', 'sometimes'),
  'redis.url': fc.constantFrom(null, 'redis://db:6379/0', 'rediss://u:p@db'),
  'redis.key_prefix': fc.constantFrom('ao', '{ao}', '{ao:0}', 'test_1'),
  'redis.bullmq_prefix': fc.constantFrom(null, 'bull', '{b}'),
  'agents.discovery.strategy': fc.constantFrom('immediate', 'delayed', 'heartbeat', 'manual', 'never'),
  'agents.discovery.capability_matching.algorithm': fc.constantFrom('exact_match', 'semantic', 'best'),
  'agents.input_processor.instance': instance,
  'agents.input_processor.instances': instances,
  'agents.input_processor.capabilities.version': version,
  'agents.world_builder.instance': instance,
  'agents.world_builder.instances': instances,
  'agents.world_builder.capabilities.version': version,
  'agents.narrative_generator.instance': instance,
  'agents.narrative_generator.instances': instances,
  'agents.narrative_generator.capabilities.version': version,
  'neo4j.url': fc.constantFrom(
    null,
    'bolt://db:7687',
    'neo4j+s://db.example',
    'http://db:7474',
    'bolt://u:p@db',
  ),
  'neo4j.user': fc.constantFrom('neo4j', 'fleet', ''),
  'neo4j.password': fc.constantFrom(null, 'a b=c', '0x'),
  'neo4j.database': fc.constantFrom(null, 'worlds', 'w.1', 'a_b'),
  'workflow.temp_root': fc.constantFrom(null, '/var/lib/ao/files', '/tmp/x'),
  'http.host': fc.constantFrom('127.0.0.1', '::1', 'localhost', '0.0.0.0'),
  'http.bull_board_path': fc.constantFrom('/admin/queues', '/q'),
  'http.cors_origins': fc.subarray(['https://a.example', 'http://localhost:3000', '*']),
  'auth.api_keys': fc.array(apiKey, { maxLength: 3 }),
  'llm.base_url': fc.constantFrom(null, 'https://models.example/v1', 'http://127.0.0.1:11434/v1', 'models'),
  'llm.api_key': fc.constantFrom(null, 'sk-1234', 'with spaces'),
  'llm.model': fc.constantFrom(null, 'gpt-4', 'models/llama-3:70b', 'two words'),
  'llm.fallback_models': fc.subarray(['gpt-4', 'llama-3-70b']),
  'llm.provider': fc.constantFrom('main', 'local.1', 'a b'),
  'llm.daily_budget_usd': fc.constantFrom(null, 0, 2.5, 1000, -1),
  'llm.prices': fc.array(price, { maxLength: 2 }),
  circuits: fc.dictionary(
    fc.constantFrom('provider.main', 'agent.nga', 'a b'),
    fc.record({ failure_threshold: fc.nat(150), enabled: fc.boolean() }, { requiredKeys: [] }),
    { maxKeys: 2 },
  ),
  'agents.custom': fc.dictionary(
    fc.constantFrom('echo', 'My-agent_2', 'nga', 'a b'),
    fc.record(
      { timeout: fc.constantFrom(5, '250ms', '2m', 301, 'long'), concurrency: fc.nat(1100) },
      { requiredKeys: [] },
    ),
    { maxKeys: 2 },
  ),
  'safety.rules_file': filePath('/etc/ao/rules.yaml'),
  'safety.protocols_file': filePath('/etc/ao/protocols.json'),
  'safety.default_region': fc.constantFrom('default', 'US', 'GB', 'usa'),
  'safety.locale': fc.constantFrom('en', 'es', 'EN'),
  'safety.hmac_secret': secret,
  'safety.wal_file': filePath('/var/lib/ao/safety.wal'),
  'safety.notify.dashboard_url': address,
  'safety.channels.webhook.url': address,
  'safety.channels.webhook.secret': secret,
  'safety.channels.email.smtp_url': fc.constantFrom(null, 'smtps://u:p@mail.example:465', 'mail.example'),
  'safety.channels.email.from': fc.constantFrom(null, 'fleet@mail.example', 'fleet'),
  'safety.channels.email.on_call': recipients,
  'safety.channels.email.supervisor': recipients,
  'safety.channels.email.director': recipients,
  'safety.channels.chat.url': address,
  'safety.channels.pager.url': address,
  'safety.channels.pager.routing_key': secret,
};

function valueOf(key: Key): fc.Arbitrary<unknown> {
  const words = WORDS[key.path];
  if (words !== undefined) return words;
  switch (key.traits.kind) {
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.oneof(fc.integer({ min: 0, max: 200_000 }), fc.constantFrom(0, 1, 3, 1024, 65_535));
    case 'boolean_or_integer':
      return fc.oneof(fc.boolean(), fc.integer({ min: 0, max: 12 }));
    case 'duration':
      return fc.oneof(
        fc.double({ min: 0, max: 10_000, noNaN: true }),
        fc
          .tuple(fc.integer({ min: 0, max: 999 }), fc.constantFrom('ms', 's', 'm', 'h', 'd'))
          .map((p) => p.join('')),
      );
    case 'size':
      return fc.oneof(
        fc.integer({ min: 0, max: 2 ** 30 }),
        fc
          .tuple(fc.integer({ min: 0, max: 99 }), fc.constantFrom('B', 'k', 'KiB', 'mb', ' MiB'))
          .map((p) => p.join('')),
      );
    default:
      throw new Error(`the test needs words for ${key.path}`);
  }
}

/** What loading gives, without the origins, which must differ. */
function outcome(options: LoadOptions): unknown {
  try {
    return loadConfig(options);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ message }) => message.replace(/ \(from [^()]*\)$/, ''));
  }
}

function asText(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

function asYaml(path: string, value: unknown): string {
  return stringify(path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value));
}

test.each(KEYS.map((key) => [key.path, key] as const))(
  '%s means the same in a file, in the environment and in a flag, valid or not',
  (path, key) => {
    fc.assert(
      fc.property(valueOf(key), (value) => {
        const configFile = join(folder, 'c.yaml');
        writeFileSync(configFile, asYaml(path, value));
        const fromFile = outcome({ configFile, env: {} });
        expect(outcome({ env: { [key.env]: asText(value) } })).toEqual(fromFile);
        expect(outcome({ env: {}, overrides: { [path]: asText(value) } })).toEqual(fromFile);
      }),
      { numRuns: 25 },
    );
  },
);

test('any text in the environment is either refused with a message or read, never a crash', () => {
  fc.assert(
    fc.property(fc.constantFrom(...KEYS), fc.string(), (key, text) => {
      const result = outcome({ env: { [key.env]: text } });
      expect(typeof result).toBe('object');
      expect(() => fromText(text, key.traits)).not.toThrow();
    }),
    { numRuns: 500 },
  );
});
