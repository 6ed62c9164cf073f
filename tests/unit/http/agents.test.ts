import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agentListing } from '../../support/agent-listing.ts';
import { startHttp, type HttpHarness } from './support/start-http.ts';

const KEYS = { read: { roles: ['read'] }, operate: { roles: ['operate'] } } as const;
const MARY = 'bob:mary';

let http: HttpHarness;
beforeAll(async () => {
  http = await startHttp({ keys: KEYS });
  for (const agent of [agentListing(MARY), agentListing('bob:lost', { status: 'lost', alive: false })])
    http.operations.agents.set(agent.agent_id, agent);
});
afterAll(() => http[Symbol.asyncDispose]());

describe('agents', () => {
  test('are listed, by type and by status', async () => {
    const all = await http.call('GET', '/v1/agents', { as: 'read' });
    expect(all.status).toBe(200);
    expect(all.body['items']).toHaveLength(2);
    const lost = await http.call('GET', '/v1/agents?type=bob&status=lost', { as: 'read' });
    expect(lost.body['items']).toEqual([http.operations.agents.get('bob:lost')]);
  });

  test('may be listed with more; what is none of it is named', async () => {
    await http.call('GET', '/v1/agents?include=capabilities,discovery', { as: 'read' });
    expect(http.operations.calls.at(-1)).toEqual({
      name: 'listAgents',
      args: [{ include: ['capabilities', 'discovery'] }],
    });
    const wrong = await http.call('GET', '/v1/agents?include=secrets&status=odd', { as: 'read' });
    expect(wrong.status).toBe(400);
    expect(wrong.text).toContain('performance, capabilities, discovery');
    expect(wrong.text).toContain('status');
  });

  test('have their own page; who is unknown is not found', async () => {
    const found = await http.call('GET', `/v1/agents/${MARY}`, { as: 'read' });
    expect(found.body).toEqual(http.operations.agents.get(MARY));
    const unknown = await http.call('GET', '/v1/agents/bob:nobody', { as: 'read' });
    expect([unknown.status, unknown.body['code']]).toEqual([404, 'AGENT_NOT_FOUND']);
  });

  test.each([
    ['drain', { reason: 'a new release' }],
    ['restart', {}],
    ['degrade', { reason: 'it answers oddly' }],
    ['undegrade', {}],
  ])('[C3.6] are asked to %s by operators, and that is audited', async (verb, body) => {
    const path = `/v1/agents/${MARY}/${verb}`;
    expect((await http.call('POST', path, { as: 'read', json: body })).status).toBe(403);
    const asked = await http.call('POST', path, { as: 'operate', json: body });
    expect([asked.status, asked.body]).toEqual([
      202,
      { agent_id: MARY, command: verb, command_id: null, changed: true },
    ]);
    const { name, args } = http.operations.calls.at(-1)!;
    expect(name).toBe(`${verb}Agent`);
    expect(args[0]).toEqual({ type: 'bob', instance: 'mary' });
    if (verb !== 'undegrade') expect(args[1]).toEqual(body);
  });

  test('are deregistered', async () => {
    http.operations.agents.set('bob:gone', agentListing('bob:gone'));
    expect((await http.call('DELETE', '/v1/agents/bob:gone', { as: 'operate' })).status).toBe(204);
    expect((await http.call('DELETE', '/v1/agents/bob:gone', { as: 'operate' })).status).toBe(404);
  });
});

describe('a preview of routing', () => {
  test('[C4] asks for a type and takes two flags', async () => {
    const path = '/v1/routing/preview?agent_type=bob&exclude_degraded=false&show_all_candidates=true';
    expect((await http.call('GET', path, { as: 'read' })).body).toMatchObject({
      agent_type: 'bob',
      selected: null,
    });
    expect(http.operations.calls.at(-1)!.args).toEqual([
      { agentType: 'bob', excludeDegraded: false, showAllCandidates: true },
    ]);
  });

  test.each(['', '?agent_type=b.b', '?agent_type=bob&exclude_degraded=maybe'])(
    '[C4] refuses "%s" with 400',
    async (query) => {
      expect((await http.call('GET', `/v1/routing/preview${query}`, { as: 'read' })).status).toBe(400);
    },
  );

  test('[C4] and diagnostics are 403 feature-disabled where they are turned off', async () => {
    await using off = await startHttp({ keys: KEYS, config: { diagnostics: { enabled: false } } });
    for (const path of [
      '/v1/routing/preview?agent_type=bob',
      '/routing/preview?agent_type=bob',
      '/diagnostics/discovery/status',
      '/diagnostics/system/summary',
      '/diagnostics/system/health',
      '/v1/diagnostics/discovery/status',
      '/v1/diagnostics/system/summary',
      '/v1/diagnostics/system/health',
    ]) {
      const refused = await off.call('GET', path, { as: 'read' });
      expect([path, refused.status, refused.body['code']]).toEqual([path, 403, 'FEATURE_DISABLED']);
    }
    for (const path of ['/v1/agents', '/agents'])
      expect((await off.call('GET', path, { as: 'read' })).status).toBe(200);
  });
});

test('[C5.2] a search for capabilities is handed on as it came; what it cannot be is named', async () => {
  const body = { criteria: { capability_name: 'weave' }, max_results: 3 };
  const found = await http.call('POST', '/v1/capabilities/discover', { as: 'read', json: body });
  expect([found.status, found.body['matches']]).toEqual([200, []]);
  expect(http.operations.calls.at(-1)).toEqual({ name: 'discoverCapabilities', args: [body] });
  const wrong = await http.call('POST', '/v1/capabilities/discover', {
    as: 'read',
    json: { criteria: { min_version: 'one' }, maximum: 3 },
  });
  expect(wrong.status).toBe(400);
});
