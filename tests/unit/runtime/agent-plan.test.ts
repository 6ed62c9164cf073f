import { hostname } from 'node:os';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../config/load.ts';
import { refusalOf } from '../../../src/runtime/agent-admission.ts';
import { plannedAgents } from '../../../src/runtime/agent-plan.ts';

const ON = { 'agents.auto_register': 'true', 'agents.ipa.auto_register_enabled': 'true' };
const planned = (overrides: Record<string, string>, given = {}) =>
  plannedAgents(loadConfig({ env: {}, overrides }), 'ipa', given);

describe('agents of a process', () => {
  test.each([
    {},
    { 'agents.auto_register': 'true' },
    { 'agents.ipa.auto_register_enabled': 'true' },
    { ...ON, 'agents.ipa.enabled': 'false' },
    { ...ON, 'agents.ipa.auto_register_enabled': 'false', 'agents.wba.auto_register_enabled': 'true' },
  ])('[C3.4] are none unless the configuration says so three times: %j', (overrides) => {
    expect(planned(overrides)).toEqual([]);
  });

  test('[C3.4] without a name are called after host, process and chance', () => {
    const [{ name } = { name: '' }, ...more] = planned(ON);
    expect(more).toEqual([]);
    expect(name).toMatch(new RegExp(`^[A-Za-z0-9_-]+-${process.pid}-[0-9a-f]{6}$`));
    expect(
      name.startsWith(
        hostname()
          .slice(0, 3)
          .replaceAll(/[^A-Za-z0-9_-]/g, '-'),
      ),
    ).toBe(true);
    expect(planned(ON)[0]?.name).not.toBe(name);
  });

  test('take the name and the concurrency of the command line before those of the configuration', () => {
    const named = { ...ON, 'agents.ipa.instance': 'x', 'agents.ipa.concurrency': '7' };
    expect(planned(named)).toEqual([{ name: 'x', resources: {}, concurrency: 7 }]);
    expect(planned(named, { instance: 'y', concurrency: 2 })).toEqual([
      { name: 'y', resources: {}, concurrency: 2 },
    ]);
  });

  test('[C3.4] work on as many jobs at once as they ask threads for', () => {
    const instances = '["a",{"name":"b","resources":{"cpu_threads":2,"ram_bytes":"512MB"}}]';
    expect(planned({ ...ON, 'agents.ipa.instances': instances })).toEqual([
      { name: 'a', resources: {}, concurrency: 4 },
      { name: 'b', resources: { cpu_threads: 2, ram_bytes: 536_870_912 }, concurrency: 2 },
    ]);
  });
});

describe('admission', () => {
  const limits = { cpu_threads: 4, ram_bytes: 1024 };
  test.each([
    [{ cpu_threads: 2 }, [{ cpu_threads: 2 }, { ram_bytes: 2000 }]],
    [{}, [{ cpu_threads: 9 }]],
    [{ gpu_memory_bytes: 5 }, []],
  ])('%j beside %j is let in', (asked, others) => {
    expect(refusalOf(asked, others, limits)).toBeNull();
  });

  test('[C3.4] who asks for more than is left is refused, with everything that is short', () => {
    expect(refusalOf({ cpu_threads: 3, ram_bytes: 1025 }, [{ cpu_threads: 2 }], limits)).toBe(
      'cpu_threads: 3 asked for, 2 of 4 are taken on this host; ram_bytes: 1025 asked for, 0 of 1024 are taken on this host',
    );
  });
});
