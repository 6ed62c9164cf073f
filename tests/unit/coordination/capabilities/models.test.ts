import { describe, expect, test } from 'vitest';
import { CoordinationValidationError } from '../../../../src/coordination/errors.ts';
import { AgentCapability, AgentCapabilitySet } from '../../../../src/coordination/models/capability.ts';
import {
  CapabilityDiscoveryResponse,
  CapabilityMatchCriteria,
} from '../../../../src/coordination/models/capability-search.ts';
import { parseInput } from '../../../../src/coordination/validate.ts';
import type { z } from 'zod';

const MINIMAL = { name: 'weave', type: 'generation', version: '1.0.0' };

function pathsOf(schema: z.ZodType, value: unknown): string[] {
  try {
    parseInput(schema, value);
  } catch (error) {
    if (error instanceof CoordinationValidationError) return error.issues.map(({ path }) => path);
    throw error;
  }
  return [];
}

describe('a capability', () => {
  test('has all defaults, and reads back as it was written', () => {
    const parsed = AgentCapability.parse(MINIMAL);
    expect(parsed).toEqual({
      ...MINIMAL,
      description: '',
      scope: 'session',
      status: 'active',
      required_inputs: [],
      optional_inputs: [],
      tags: [],
      dependencies: [],
      compatible_versions: [],
      output_schema: null,
      estimated_duration_ms: null,
      resource_requirements: {},
      metadata: {},
    });
    expect(AgentCapability.parse(JSON.parse(JSON.stringify(parsed)))).toEqual(parsed);
  });

  test.for([
    ['a capital letter', { name: 'Weave' }, 'name'],
    ['a name of 65 letters', { name: 'a'.repeat(65) }, 'name'],
    ['a name that begins with a digit', { name: '1a' }, 'name'],
    ['an unknown type', { type: 'magic' }, 'type'],
    ['a version of two parts', { version: '1.0' }, 'version'],
    ['a description of 1025 letters', { description: 'a'.repeat(1025) }, 'description'],
    ['the same tag twice', { tags: ['a', 'a'] }, 'tags'],
    ['65 tags', { tags: Array.from({ length: 65 }, (_, index) => `t${index}`) }, 'tags'],
    ['a compatible version that is none', { compatible_versions: ['1.x'] }, 'compatible_versions.0'],
    ['a negative duration', { estimated_duration_ms: -1 }, 'estimated_duration_ms'],
    ['an unknown field', { speed: 1 }, ''],
  ] as const)('with %s is refused by its path', ([, change, path]) => {
    expect(pathsOf(AgentCapability, { ...MINIMAL, ...change })).toEqual([path]);
  });
});

describe('a set', () => {
  test('leaves load 0, priority 5 and availability true, so that a new agent can be matched', () => {
    expect(AgentCapabilitySet.parse({ agent_id: 'weaver:w1', capabilities: [MINIMAL] })).toMatchObject({
      version: '1.0.0',
      last_updated: null,
      priority: 5,
      load_factor: 0,
      availability: true,
    });
  });

  test('holds a name in several versions, and each version once', () => {
    const set = (versions: string[]) => ({
      agent_id: 'weaver:w1',
      capabilities: versions.map((version) => ({ ...MINIMAL, version })),
    });
    expect(pathsOf(AgentCapabilitySet, set(['1.0.0', '2.0.0']))).toEqual([]);
    expect(pathsOf(AgentCapabilitySet, set(['1.0.0', '2.0.0', '1.0.0']))).toEqual(['capabilities.2']);
  });

  test('has at most 100 capabilities, a priority from 1 to 10 and a load from 0 to 1', () => {
    const capabilities = Array.from({ length: 101 }, (_, index) => ({ ...MINIMAL, name: `c${index}` }));
    const bad = { agent_id: 'weaver', capabilities, priority: 11, load_factor: 1.1, availability: 'yes' };
    expect(pathsOf(AgentCapabilitySet, bad)).toEqual([
      'agent_id',
      'capabilities',
      'priority',
      'load_factor',
      'availability',
    ]);
  });
});

describe('criteria', () => {
  test('may be empty, and then ask for agents that are available and not too busy', () => {
    expect(CapabilityMatchCriteria.parse({})).toMatchObject({
      capability_name: null,
      require_available: true,
      max_load_factor: 0.8,
    });
  });

  test('name every wrong field at once, a malformed bound among them', () => {
    expect(
      pathsOf(CapabilityMatchCriteria, { min_version: '2', max_version: 'x', max_load_factor: 2, name: 'a' }),
    ).toEqual(expect.arrayContaining(['min_version', 'max_version', 'max_load_factor', '']));
  });

  test('do not take a lower bound above the upper one', () => {
    expect(pathsOf(CapabilityMatchCriteria, { min_version: '10.0.0', max_version: '2.0.0' })).toEqual([
      'min_version',
    ]);
    expect(pathsOf(CapabilityMatchCriteria, { min_version: '1.0.0', max_version: '1.0.0-beta' })).toEqual([
      'min_version',
    ]);
    expect(pathsOf(CapabilityMatchCriteria, { min_version: '2.0.0', max_version: '10.0.0' })).toEqual([]);
  });
});

test('an answer reads back as it was written', () => {
  const answer = {
    matches: [
      {
        agent_id: 'weaver:w1',
        capability: AgentCapability.parse(MINIMAL),
        match_score: 0.96,
        exact_match: true,
        version_match: true,
        performance_match: true,
        agent_load_factor: 0.25,
        agent_availability: true,
        estimated_wait_time_ms: null,
      },
    ],
    total_agents_searched: 1,
    search_duration_ms: 0.5,
    discovery_timestamp: '2026-01-01T00:00:00.000Z',
    cache_hit: false,
  };
  expect(CapabilityDiscoveryResponse.parse(JSON.parse(JSON.stringify(answer)))).toEqual(answer);
});
