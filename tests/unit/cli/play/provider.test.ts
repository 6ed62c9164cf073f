import { describe, expect, it } from 'vitest';
import type { Config } from '../../../../config/schema.ts';
import type { CliPorts } from '../../../../src/cli/ports.ts';
import { ao, fakeOperations } from '../fakes.ts';

const MODEL = { LLM_BASE_URL: 'http://127.0.0.1:1/v1', LLM_MODEL: 'm' };

/** Fleets that are started and played at with no line at all. */
function ownFleets() {
  const started: Config[] = [];
  const ports: Partial<CliPorts> = {
    startRedis: async () => ({
      url: 'redis://127.0.0.1:7777/0',
      port: 7777,
      pid: 1,
      stop: async () => undefined,
    }),
    startDevFleet: async (config) => {
      started.push(config);
      return {
        operations: fakeOperations({ listTurns: async () => ({ items: [], nextBefore: null }) }),
        url: '',
        boardUrl: '',
        metricsUrl: '',
        clearFault: () => undefined,
        stop: async () => undefined,
      };
    },
  };
  return { started, ports };
}

describe('ao play --provider', () => {
  it('local: a fleet of its own asks no model, whatever is configured', async () => {
    const { started, ports } = ownFleets();
    await ao(['play', '--provider', 'local'], { ports, env: MODEL });
    expect(started.map(({ llm }) => llm.base_url)).toEqual([null]);
  });

  it('llm: a fleet of its own asks the configured model', async () => {
    const { started, ports } = ownFleets();
    await ao(['play', '--provider', 'llm'], { ports, env: MODEL });
    expect(started.map(({ llm }) => llm.base_url)).toEqual([MODEL.LLM_BASE_URL]);
  });

  it('llm without a model is refused, and says which settings are missing', async () => {
    const { started, ports } = ownFleets();
    const result = await ao(['play', '--provider', 'llm'], { ports });
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(/LLM_BASE_URL and LLM_MODEL/);
    expect(started).toEqual([]);
  });

  it('is refused for a fleet elsewhere, and so is anything else', async () => {
    const elsewhere = await ao(['play', '--provider', 'local', '--api-url', 'http://127.0.0.1:1']);
    expect(elsewhere.code).toBe(2);
    expect(elsewhere.stderr).toMatch(/leave --provider out/);
    expect((await ao(['play', '--provider', 'cloud'])).stderr).toMatch(/local, llm/);
  });
});
