import { describe, expect, test } from 'vitest';
import { effectiveConfig } from '../../../config/describe.ts';
import { loadConfig } from '../../../config/load.ts';
import { ConfigError } from '../../../config/problems.ts';

function problemsOf(env: Record<string, string>): string[] {
  try {
    loadConfig({ env });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ message }) => message);
  }
}

describe('the address of Neo4j', () => {
  test.each(['bolt://127.0.0.1:7687', 'bolt+ssc://db', 'neo4j://db:7687', 'neo4j+s://x.databases.example'])(
    'may be %s',
    (url) => {
      expect(loadConfig({ env: { NEO4J_URL: url } }).neo4j.url).toBe(url);
    },
  );

  test.each([
    'http://127.0.0.1:7474',
    'bolt://',
    'bolt://db:7687/worlds',
    'bolt://db?x=1',
    'bolt://db:99999999',
    'db',
  ])('may not be %s', (url) => {
    expect(problemsOf({ NEO4J_URL: url })).toEqual([expect.stringContaining('bolt://127.0.0.1:7687')]);
  });

  test('is refused with a password in it, which is not repeated', () => {
    const [problem] = problemsOf({ NEO4J_URL: 'bolt://neo4j:hush@db:7687' });
    expect(problem).toContain('without user, password and path');
    expect(problem).not.toContain('hush');
  });

  test('is absent unless it is given', () => {
    expect(loadConfig({ env: {} }).neo4j).toMatchObject({ url: null, user: 'neo4j', password: null });
  });
});

test('the password is read, and never shown', () => {
  const config = loadConfig({ env: { NEO4J_URL: 'bolt://db', NEO4J_USER: 'fleet', NEO4J_PASSWORD: 'hush' } });
  expect(config.neo4j).toMatchObject({ user: 'fleet', password: 'hush' });
  const shown = effectiveConfig(config).filter(({ key }) => key.startsWith('neo4j.'));
  expect(shown.map(({ value }) => value)).toContain('fleet');
  expect(JSON.stringify(shown)).not.toContain('hush');
});
