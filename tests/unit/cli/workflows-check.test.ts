import { describe, expect, it } from 'vitest';
import type { CheckRuns, ConsistencyReport } from '../../../src/contracts/consistency.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { ao, RUN_ID } from './fakes.ts';

const SOUND: ConsistencyReport = { checked: 3, complete: true, findings: [], repaired: 0, errors: [] };
const FOUND: ConsistencyReport = {
  ...SOUND,
  complete: false,
  findings: [{ run_id: RUN_ID, kind: 'not_retried', detail: 'its run job failed: no\u001b[31m' }],
};

describe('ao workflows check', () => {
  it('hands on what is asked for and says what was checked', async () => {
    const asked: CheckRuns[] = [];
    const operations = { checkRuns: async (request: CheckRuns) => (asked.push(request), SOUND) };
    const { code, stdout } = await ao(['workflows', 'check'], { operations });
    expect([code, stdout]).toEqual([0, '3 runs checked, 0 findings, 0 repaired\n']);
    const one = await ao(['workflows', 'check', RUN_ID, '--repair', '--json'], { operations });
    expect(one.json()).toEqual(SOUND);
    expect(asked).toEqual([{ repair: false }, { run_id: RUN_ID, repair: true }]);
  });

  it('ends with 1 while something is left to repair, and with 0 when all was repaired', async () => {
    const found = await ao(['workflows', 'check'], { operations: { checkRuns: async () => FOUND } });
    expect(found.code).toBe(1);
    expect(found.stdout).toMatch(/^3 runs checked \(there are more\), 1 findings, 0 repaired\n/);
    expect(found.stdout).toContain(`${RUN_ID}  not_retried: its run job failed: no`);
    expect(found.stdout).not.toContain('\u001b');
    const repaired = { checkRuns: async () => ({ ...FOUND, repaired: 1 }) };
    expect((await ao(['workflows', 'check', '--repair'], { operations: repaired })).code).toBe(0);
    const sick = { ...SOUND, errors: [{ run_id: RUN_ID, message: 'its record cannot be read' }] };
    const unread = await ao(['workflows', 'check'], { operations: { checkRuns: async () => sick } });
    expect([unread.code, unread.stdout]).toEqual([1, expect.stringContaining('not checked: its record')]);
  });

  it('ends with 3 for an unknown run', async () => {
    const unknown = new FleetError({ code: 'run_not_found', kind: 'not_found', message: 'there is no run' });
    const operations = { checkRuns: () => Promise.reject(unknown) };
    expect(await ao(['workflows', 'check', RUN_ID], { operations })).toMatchObject({ code: 3, stdout: '' });
  });
});
