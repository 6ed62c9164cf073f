import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSafetyData } from '../../../config/safety-data.ts';
import type { FleetError } from '../../../src/kernel/errors.ts';
import { createRedis } from '../../../src/redis/connect.ts';
import { compileLexicon } from '../../../src/safety/lexicon/compile.ts';
import { compileRules } from '../../../src/safety/rules/compile-rules.ts';
import { DEFAULT_DOCUMENT } from '../../../src/safety/rules/default-document.ts';
import { freePort } from '../../support/free-port.ts';
import {
  rulesOver,
  startRules,
  type RulesProcess,
  type RulesProcessOptions,
} from '../../support/live-rules.ts';
import { acquireRedis, testPrefix, type TestRedis } from '../../support/redis.ts';

const lexicons = new Map([
  ['en', compileLexicon(readSafetyData('en'))],
  ['es', compileLexicon(readSafetyData('es'))],
]);
const folder = mkdtempSync(join(tmpdir(), 'rules-'));
let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await redis[Symbol.asyncDispose]();
});

const DEFAULT = compileRules(DEFAULT_DOCUMENT, { source: 'default' }).version;
const withTerm = (term: string) => ({ rules: [{ id: 'own', level: 'blocked', terms: [term] }] });
const versionOf = (document: unknown): string => compileRules(document, { source: 'x' }).version;
const BLUE = withTerm('blue moon');
const RED = withTerm('red moon');
const BY = { by: 'ops' };

function about(settings: RulesProcessOptions['settings'] = {}, prefix = testPrefix()): RulesProcessOptions {
  return { redisUrl: redis.url, prefix, lexicons, settings };
}

function levelOf({ rules }: RulesProcess, text: string): string {
  return rules.validatorFor().validateText(text).level;
}

async function refusalOf(work: Promise<unknown>): Promise<FleetError> {
  return work.then(
    () => expect.unreachable('it was accepted'),
    (error: unknown) => error as FleetError,
  );
}

describe('a document that is stored', () => {
  test('holds where it was stored, and in the other processes as soon as they hear of it', async () => {
    const options = about();
    await using one = await startRules(options);
    await using other = await startRules(options);
    expect(one.rules.status()).toMatchObject({ source: 'default', rules_version: DEFAULT, live: true });
    await one.rules.put(BLUE, BY);
    expect(levelOf(one, 'a blue moon')).toBe('blocked');
    await other.holds(versionOf(BLUE));
    expect(levelOf(other, 'a blue moon')).toBe('blocked');
    const result = other.rules.validatorFor('en').validateText('hello');
    const source = `redis:${options.prefix}:safety:rules`;
    expect(result).toMatchObject({ rules_version: versionOf(BLUE), source });
    expect(other.outcomes).toEqual(['applied']);
  });

  test('by hand, without any word of it, is found after the time to live', async () => {
    await using one = await startRules(about({ ttlMs: 50 }));
    const { redis: client, keys } = one.store;
    await client.set(keys.safetyRules(), JSON.stringify(BLUE));
    await one.holds(versionOf(BLUE));
    await client.set(keys.safetyRules(), JSON.stringify(RED));
    await one.holds(versionOf(RED));
    await one.rules.rollback(BY);
    expect(one.rules.rules.version).toBe(versionOf(BLUE));
    await client.del(keys.safetyRules());
    await one.holds(DEFAULT);
    expect(one.rules.status().source).toBe('default');
  });

  test('is compared with what it was based on: of two writers one has to look again', async () => {
    const options = about();
    await using one = await startRules(options);
    await using other = await startRules(options);
    const ifMatch = one.rules.rules.version;
    const outcomes = await Promise.allSettled([
      one.rules.put(BLUE, { ...BY, ifMatch }),
      other.rules.put(RED, { ...BY, ifMatch }),
    ]);
    const refused = outcomes.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    expect(refused).toHaveLength(1);
    expect(refused[0]!.reason).toMatchObject({ code: 'safety_rules_stale', httpStatus: 412 });
    expect((await refusalOf(one.rules.put(BLUE, { ...BY, ifMatch }))).httpStatus).toBe(412);
    await one.rules.put(RED, { ...BY, ifMatch: one.rules.rules.version });
    expect(one.rules.rules.version).toBe(versionOf(RED));
  });

  test('can be gone back from, as far as what held before the first', async () => {
    await using one = await startRules(about());
    await one.rules.put(BLUE, BY);
    await one.rules.put(RED, BY);
    await one.rules.rollback(BY);
    expect(one.rules.rules.version).toBe(versionOf(BLUE));
    await one.rules.rollback({ ...BY, version: DEFAULT });
    expect(one.rules.rules.version).toBe(DEFAULT);
    const missing = one.rules.rollback({ ...BY, version: '000000000000' });
    expect(await refusalOf(missing)).toMatchObject({
      code: 'safety_rules_version_not_found',
      httpStatus: 404,
    });
  });

  test('is kept with who stored it, and no more than 20 of them', async () => {
    await using one = await startRules(about());
    for (let i = 0; i < 22; i++) await one.rules.put(withTerm(`moon ${i}`), { by: `key${i}` });
    const { redis: client, keys } = one.store;
    const entries = await client.lrange(keys.safetyRulesHistory(), 0, -1);
    expect(entries).toHaveLength(20);
    expect(JSON.parse(entries[0]!)).toMatchObject({ by: 'key21', version: one.rules.rules.version });
    const events = await client.xrange(keys.safetyEvents(), '-', '+');
    expect(events).toHaveLength(22);
    expect(events[0]![1].slice(0, 2)).toEqual(['type', 'safety.rules.reloaded']);
  });
});

// Acceptance check 5 of the chapter on safety.
describe('a document with faults', () => {
  const BAD = { rules: [{ id: 'bad', pattern: '(a)\\1' }] };

  test('is refused by name, and what held goes on', async () => {
    await using one = await startRules(about());
    await one.rules.put(BLUE, BY);
    const error = await refusalOf(one.rules.put(BAD, BY));
    expect(error).toMatchObject({
      code: 'safety_rules_invalid',
      httpStatus: 422,
      details: { kept_version: versionOf(BLUE) },
    });
    expect(error.problems?.[0]).toMatchObject({ path: '/rules/0/pattern', code: 'pattern_invalid' });
    expect(error.message).toContain('"bad"');
    expect(one.rules.rules.version).toBe(versionOf(BLUE));
  });

  test.for([
    ['no JSON', '{"rules":', 'not_json'],
    ['a pattern no engine runs', JSON.stringify(BAD), 'pattern_invalid'],
    ['too much', ' '.repeat(1_048_577), 'too_large'],
  ] as const)('in the key (%s) leaves the old rules live and is told of', async ([, text, code]) => {
    await using one = await startRules(about());
    const { redis: client, keys } = one.store;
    await one.rules.put(BLUE, BY);
    await client.set(keys.safetyRules(), text);
    const error = await refusalOf(one.rules.reload());
    expect(error).toMatchObject({ code: 'safety_rules_invalid', details: { kept_version: versionOf(BLUE) } });
    expect(one.rules.status().last_error).toMatchObject({ errors: [{ code }] });
    expect(levelOf(one, 'a blue moon')).toBe('blocked');
    expect(one.outcomes.at(-1)).toBe('rejected');
    await one.rules.put(RED, { ...BY, ifMatch: versionOf(BLUE) });
    expect(one.rules.status()).toMatchObject({ last_error: null, rules_version: versionOf(RED) });
  });

  test('in the key when a process starts leads to the file, and a bad file to the product', async () => {
    const file = join(folder, 'rules.yaml');
    writeFileSync(file, 'rules:\n  - id: own\n    level: blocked\n    terms: [green moon]\n');
    const options = about({ file });
    await using first = await startRules(options);
    expect(first.rules.status().source).toBe('file:rules.yaml');
    await first.store.redis.set(first.store.keys.safetyRules(), 'nothing');
    await using second = await startRules(options);
    expect(levelOf(second, 'green moon')).toBe('blocked');
    expect(second.rules.status().last_error?.errors[0]?.code).toBe('not_json');
    writeFileSync(file, 'rules: [{ id: own, pattern: "(" }]');
    await using third = await startRules(options);
    expect(third.rules.status()).toMatchObject({ source: 'default', rules_version: DEFAULT });
    await first.store.redis.del(first.store.keys.safetyRules());
    expect(await refusalOf(first.rules.reload())).toMatchObject({ code: 'safety_rules_invalid' });
    expect(levelOf(first, 'green moon')).toBe('blocked');
  });

  test('is only looked at where that was asked', async () => {
    await using one = await startRules(about());
    expect(await one.rules.check(BAD)).toMatchObject({ valid: false, errors: [{ code: 'pattern_invalid' }] });
    const odd = { rules: [{ id: 'own', pattern: '.*', locale: 'fr' }] };
    const { valid, warnings } = await one.rules.check(odd);
    expect([valid, ...warnings.map(({ code }) => code)]).toEqual([true, 'unknown_language', 'no_literal']);
    expect(one.rules.rules.version).toBe(DEFAULT);
    expect(await one.store.redis.exists(one.store.keys.safetyRules())).toBe(0);
  });
});

describe('while Redis is away', () => {
  test('a process starts with what it has, and texts are judged', async () => {
    const port = await freePort();
    const dead = (name: string) =>
      createRedis({ url: `redis://127.0.0.1:${port}`, name, onOutage: 'fail_fast' });
    await using one = await rulesOver(dead('a'), dead('b'), about({ ttlMs: 20 }));
    expect(levelOf(one, 'I want to kill myself')).toBe('blocked');
    expect(one.rules.status()).toMatchObject({ live: false, source: 'default' });
    expect(await refusalOf(one.rules.reload())).toMatchObject({ kind: 'unavailable' });
    expect(await refusalOf(one.rules.put(BLUE, BY))).toMatchObject({ kind: 'unavailable' });
    const warnings = one.logLines.filter((line) => line.includes('could not be read'));
    expect(warnings).toHaveLength(1);
  });
});

describe('what is judged', () => {
  test('by rules of its language', async () => {
    await using one = await startRules(about());
    await one.rules.put(
      { rules: [{ id: 'luna', level: 'blocked', terms: ['luna azul'], locale: 'es' }] },
      BY,
    );
    const level = (locale?: string): string => one.rules.validatorFor(locale).validateText('luna azul').level;
    expect([level('es'), level('es-MX'), level('en'), level('fr'), level()]).toEqual([
      'blocked',
      'blocked',
      'safe',
      'safe',
      'safe',
    ]);
  });

  test('says so when safety is switched off', async () => {
    await using one = await startRules(about({ isEnabled: false }));
    const result = one.rules.validatorFor().validateText('I want to kill myself');
    expect(result).toMatchObject({ level: 'safe', score: 1, findings: [], audit: [{ event: 'disabled' }] });
  });

  test('never waits for a large document, and none is judged by nothing', async () => {
    await using one = await startRules(about());
    const terms = Array.from({ length: 5000 }, (_, i) => `moon ${i.toString(36)} rises`);
    const large = {
      rules: [0, 1, 2, 3].map((i) => ({
        id: `t${i}`,
        level: 'blocked',
        terms: terms.map((t) => `${t} ${i}`),
      })),
    };
    const putting = one.rules.put(large, BY);
    const progress = { isDone: false };
    void putting.finally(() => (progress.isDone = true));
    const seen = new Set<string>();
    while (!progress.isDone) {
      const { crisis_detected: isCrisis, rules_version: version } = one.rules
        .validatorFor()
        .validateText('I want to kill myself');
      expect(isCrisis).toBe(true);
      seen.add(version);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await putting;
    expect([...seen]).toEqual(expect.arrayContaining([DEFAULT]));
    expect(levelOf(one, 'moon a rises 2')).toBe('blocked');
  });
});
