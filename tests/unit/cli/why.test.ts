import { describe, expect, it } from 'vitest';
import { remoteOperations } from '../../../src/cli/remote-operations.ts';
import { createFleetClient } from '../../../src/client/client.ts';
import type { RunExplanation } from '../../../src/contracts/why.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { ao, RUN_ID } from './fakes.ts';

const EXPLANATION: RunExplanation = {
  run_id: RUN_ID,
  status: 'running',
  summary: 'the run is running: queue "ipa" is paused (and 1 more)',
  reasons: [
    {
      kind: 'queue_paused',
      subject: 'ipa',
      detail: 'queue "ipa" is paused',
      what_changes_it: 'somebody resumes queue "ipa"',
    },
    {
      kind: 'step_waiting',
      subject: 'ipa',
      since: '2023-11-14T22:13:20.000Z',
      detail: 'step "ipa" waits on queue "ipa": it is next',
      what_changes_it: 'queue "ipa" works again',
    },
  ],
  last_error: { code: 'step_failed', message: 'it broke\u001b[31m', path: 'ipa' },
  next_deadline_at: '2099-11-14T22:13:20.000Z',
};

const whyRun = async (): Promise<RunExplanation> => EXPLANATION;
const unknownRun = new FleetError({ code: 'run_not_found', kind: 'not_found', message: 'there is no run' });

describe('ao why', () => {
  it('says on one screen what the run waits for, and what changes that', async () => {
    const { code, stdout } = await ao(['why', RUN_ID], { operations: { whyRun } });
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.length).toBeLessThan(24);
    expect(lines.slice(0, 6)).toEqual([
      RUN_ID,
      'the run is running: queue "ipa" is paused (and 1 more)',
      '',
      'queue_paused  ipa',
      '  queue "ipa" is paused',
      '  what changes it: somebody resumes queue "ipa"',
    ]);
    expect(stdout).toMatch(/since 2023-11-14T22:13:20.000Z \(\d+\.\d s ago\)/);
    expect(stdout).toContain('last error: ipa: step_failed, it broke\n');
    expect(stdout).toMatch(/next deadline: 2099-11-14T22:13:20.000Z \(in \d+\.\d s\)/);
  });

  it('prints the contract as one document with --json', async () => {
    const result = await ao(['why', RUN_ID, '--json'], { operations: { whyRun } });
    expect(result.json()).toEqual(EXPLANATION);
  });

  it('ends with 3 for an unknown run', async () => {
    const operations = { whyRun: () => Promise.reject(unknownRun) };
    expect(await ao(['why', RUN_ID], { operations })).toMatchObject({ code: 3, stdout: '' });
  });

  it.each([
    [200, 0],
    [404, 3],
  ])('asks the API with --api-url: %d ends with %d', async (status, expected) => {
    const asked: string[] = [];
    const client = createFleetClient({
      baseUrl: 'http://fleet.test',
      maxRetries: 0,
      fetch: async (input) => {
        asked.push(new URL(input instanceof Request ? input.url : input).pathname);
        const problem = { type: '/p', title: 't', status, detail: 'd', instance: 'i', code: 'RUN_NOT_FOUND' };
        return Response.json(status === 200 ? EXPLANATION : problem, { status });
      },
    });
    const openRemote = async () => ({ operations: remoteOperations(client), close: async () => undefined });
    const argv = ['why', RUN_ID, '--json', '--api-url', 'http://fleet.test'];
    const result = await ao(argv, { ports: { openRemote } });
    expect(result.code).toBe(expected);
    expect(asked).toEqual([`/v1/runs/${RUN_ID}/why`]);
    if (status === 200) expect(result.json()).toEqual(EXPLANATION);
  });
});
