import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadConfig, type LoadOptions } from '../../../config/load.ts';
import { ConfigError } from '../../../config/problems.ts';

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

describe('files', () => {
  test('an agent_orchestration root is the section and its neighbours are ignored', () => {
    const configFile = file('agent_orchestration: {port: 2001}\nother_product: {port: nonsense}');
    expect(loadConfig({ env: {}, configFile }).port).toBe(2001);
  });

  test('includes go over the file in order: maps merge, lists are replaced', () => {
    file('http: {cors_origins: ["https://b.example"]}\nport: 2002', 'overlay-1.yaml');
    file('metrics: {port: 2009}\nport: 2003', 'overlay-2.yaml');
    const configFile = file(
      'include: [overlay-1.yaml, overlay-2.yaml]\nport: 2001\nhttp: {cors_origins: ["https://a.example"], body_limit: 2MiB}',
    );
    const config = loadConfig({ env: {}, configFile });
    expect(config.port).toBe(2003);
    expect(config.metrics.port).toBe(2009);
    expect(config.http).toMatchObject({ cors_origins: ['https://b.example'], body_limit: 2 * 1024 * 1024 });
  });

  test('a file that includes itself is refused', () => {
    file('include: [loop.yaml]', 'loop.yaml');
    expect(problemsOf({ configFile: join(folder, 'loop.yaml') })).toEqual([
      expect.stringContaining('includes itself'),
    ]);
  });

  test('JSON is read as well', () => {
    expect(loadConfig({ env: {}, configFile: file('{"port": 2001}', 'c.json') }).port).toBe(2001);
  });

  test('references are filled from the environment, and read like it', () => {
    const configFile = file(
      'port: ${MY_PORT:-2001}\nredis:\n  url: redis://${REDIS_HOST}:6379/0\n  key_prefix: $ao',
    );
    expect(problemsOf({ configFile, env: { REDIS_HOST: 'db' } })).toEqual([
      expect.stringMatching(/^redis\.key_prefix: expected a prefix .*, got "\$ao"/),
    ]);
    const good = file('port: ${MY_PORT:-2001}\nredis: {url: "redis://${REDIS_HOST}:6379/0"}');
    const config = loadConfig({ configFile: good, env: { REDIS_HOST: 'db' } });
    expect(config.redis.url).toBe('redis://db:6379/0');
    expect(config.port).toBe(2001);
    expect(problemsOf({ configFile: good })).toEqual([
      `redis.url: the environment variable REDIS_HOST is not set (from file ${good}:2:14)`,
    ]);
  });

  test('the short agent names are accepted, and both names for one agent are refused', () => {
    expect(loadConfig({ env: {}, configFile: file('agents: {ipa: {timeout: 5s}}') })).toMatchObject({
      agents: { input_processor: { timeout: 5 } },
    });
    const both = file('agents:\n  ipa: {timeout: 5s}\n  input_processor: {concurrency: 2}');
    expect(problemsOf({ configFile: both })).toEqual([
      `agents.input_processor: set twice, as agents.ipa and agents.input_processor; keep one (from file ${both}:3:3)`,
    ]);
  });

  test('a syntax error names file, line and column', () => {
    const configFile = file('port: 2001\nhttp: {host: [}\n');
    const problems = problemsOf({ configFile });
    expect(problems.length).toBeGreaterThan(0);
    expect(problems[0]).toMatch(new RegExp(`^${configFile.replaceAll('.', '\\.')}:2:\\d+: `));
  });

  test('a named file that does not exist is refused', () => {
    expect(problemsOf({ configFile: join(folder, 'absent.yaml') })).toEqual([
      expect.stringContaining('absent.yaml: cannot be read'),
    ]);
  });

  test('values must have the right type: texts are not coerced', () => {
    const configFile = file('features: {bull_board: "true"}\nport: "2001"\nredis: 5');
    expect(problemsOf({ configFile })).toEqual([
      `redis: expected a section, got 5 (from file ${configFile}:3:8)`,
      `port: expected integer 1024..65535, or 0 for any free port, got "2001" (from file ${configFile}:2:7)`,
      `features.bull_board: expected boolean, got "true" (from file ${configFile}:1:24)`,
    ]);
  });
});
