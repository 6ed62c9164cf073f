import { describe, expect, it } from 'vitest';
import { FleetError } from '../../../src/kernel/errors.ts';
import { agentListing } from '../../support/agent-listing.ts';
import { ao } from './fakes.ts';

const STRANGER = {
  registered: false,
  status: 'unknown',
  health: 'unknown',
  last_heartbeat_age: null,
  in_flight: null,
  concurrency: null,
  requests: null,
  errors: null,
  performance: null,
  host: null,
} as const;

describe('ao agents', () => {
  const operations = {
    listAgents: async () => [agentListing('bob:b1'), agentListing('bob:box-7', STRANGER)],
    getAgent: async () =>
      agentListing('bob:b1', { health: 'degraded', degraded: { by: 'operator', reason: 'it is slow' } }),
  };

  it('lists who is there, and workers that are not registered', async () => {
    const { stdout, code } = await ao(['agents'], { operations });
    const [header, bob, stranger] = stdout.split('\n');
    expect(code).toBe(0);
    expect(header).toMatch(/^agent +status +health +heartbeat +in hand +calls +errors +p95 +process$/);
    expect(bob).toMatch(/^bob:b1 +idle +healthy +1\.3 s +1\/4 +7 +2 +10 ms +box:42$/);
    expect(stranger).toMatch(/^bob:box-7 +not registered +unknown +- +- +- +- +- +-$/);
  });

  it('hands the filters on, and says when nobody is there', async () => {
    const asked: unknown[] = [];
    const listAgents = async (filter: unknown) => (asked.push(filter), []);
    const options = ['--type', 'ipa', '--status', 'lost'];
    const { stdout } = await ao(['agents', 'list', ...options], { operations: { listAgents } });
    expect(asked).toEqual([{ type: 'ipa', status: 'lost' }]);
    expect(stdout).toBe('no agents\n');
  });

  it('shows one, with why it gets no work', async () => {
    const { stdout } = await ao(['agents', 'show', 'bob:b1'], { operations });
    expect(stdout).toMatch(/^degraded by +operator: it is slow$/m);
    expect(stdout).toMatch(/^in hand +1 of 4$/m);
  });

  it('refuses what is no name of an agent with 2, and ends with 3 when nobody has it', async () => {
    expect((await ao(['agents', 'show', 'b.b'], { operations })).code).toBe(2);
    const getAgent = async () => {
      throw new FleetError({
        code: 'agent_not_found',
        kind: 'not_found',
        message: 'there is no agent bob:b2',
      });
    };
    expect((await ao(['agents', 'show', 'bob:b2'], { operations: { getAgent } })).code).toBe(3);
  });

  it.each(['drain', 'restart', 'degrade', 'undegrade'] as const)('asks an agent to %s', async (verb) => {
    const calls: unknown[] = [];
    const answer = {
      agent_id: 'bob:b1',
      command: verb,
      command_id: verb.endsWith('degrade') ? null : '3f0a9c1e-8d53-4c35-9d0e-0b8a1de0a001',
      changed: true,
    };
    const ask = async (...args: unknown[]) => (calls.push(args), answer);
    const reason = verb === 'undegrade' ? [] : ['--reason', 'a release'];
    const run = await ao(['agents', verb, 'bob:b1', ...reason], { operations: { [`${verb}Agent`]: ask } });
    expect(run.code).toBe(0);
    expect(run.stdout).toContain(verb);
    const [agent, request] = calls[0] as [unknown, unknown];
    expect(agent).toEqual({ type: 'bob', instance: 'b1' });
    if (verb !== 'undegrade') expect(request).toEqual({ reason: 'a release' });
  });
});

describe('ao route preview', () => {
  const weights = { queue: 0.3, heartbeat: 0.4, success: 0.3 };
  const preview = {
    agent_type: 'bob',
    weights,
    configured_weights: weights,
    configured_heartbeat_fresh_seconds: 30,
    candidates: [
      {
        instance: 'b1',
        queue_length: 2,
        heartbeat_age_s: 1,
        success_rate: 0.5,
        score: 0.163,
        excluded: false,
      },
    ],
    selected: 'b1',
    reason: 'selected minimal weighted score',
    excluded: [],
    summary: { total_agents: 1, healthy_candidates: 1, excluded_count: 0, exclusion_reasons: {} },
  } as const;

  it('says who is next and how all stand', async () => {
    const asked: unknown[] = [];
    const previewRouting = async (question: unknown) => (
      asked.push(question),
      structuredClone(preview) as never
    );
    const { stdout } = await ao(['route', 'preview', 'bob', '--all'], { operations: { previewRouting } });
    expect(asked).toEqual([{ agentType: 'bob', excludeDegraded: true, showAllCandidates: true }]);
    expect(stdout).toMatch(/^bob:b1 \(selected minimal weighted score\)$/m);
    expect(stdout).toMatch(/^b1 +0\.163 +2 +1\.0 s +50 % +-$/m);
  });
});

it('ao capabilities find asks for what was said, and says when nobody can', async () => {
  const asked: unknown[] = [];
  const discoverCapabilities = async (request: unknown) => {
    asked.push(request);
    return {
      matches: [],
      total_agents_searched: 2,
      search_duration_ms: 1,
      discovery_timestamp: '2026-01-01T00:00:00.000Z',
      cache_hit: false,
    };
  };
  const options = ['--type', 'analysis', '--min-version', '2.0.0', '--tag', 'a', 'b', '--limit', '5'];
  const run = await ao(['capabilities', 'find', 'weave', ...options], {
    operations: { discoverCapabilities },
  });
  expect([run.code, run.stdout]).toEqual([0, 'nobody can do that\n']);
  expect(asked).toEqual([
    {
      criteria: {
        capability_name: 'weave',
        capability_type: 'analysis',
        min_version: '2.0.0',
        required_tags: ['a', 'b'],
      },
      max_results: 5,
    },
  ]);
});
