import { describe, expect, it } from 'vitest';
import type { RollbackResult, RollbackRun } from '../../../src/contracts/rollback.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { ao, RUN_ID } from './fakes.ts';

const DONE: RollbackResult = { ok: true, savepoint: 'start', executed: 2, skipped: 1, errors: [] };
const PARTIAL: RollbackResult = {
  ...DONE,
  ok: false,
  errors: [{ code: 'undo_conflict', kind: 'redis_key', step: 'pay', message: 'it was changed\u001b[31m' }],
};

describe('ao workflows rollback', () => {
  it('hands on what is asked for and says what was undone', async () => {
    const asked: unknown[] = [];
    const rollbackRun = async (runId: string, request: RollbackRun) => {
      asked.push([runId, request]);
      return DONE;
    };
    const operations = { rollbackRun };
    const { code, stdout } = await ao(['workflows', 'rollback', RUN_ID], { operations });
    expect([code, stdout]).toEqual([0, '2 undone, 1 skipped, back at start\n']);
    const argv = ['--savepoint', 'paid', '--cancel', '--reason', 'a mistake', '--json'];
    expect((await ao(['workflows', 'rollback', RUN_ID, ...argv], { operations })).json()).toEqual(DONE);
    expect(asked).toEqual([
      [RUN_ID, { savepoint: 'start', cancel: false }],
      [RUN_ID, { savepoint: 'paid', cancel: true, reason: 'a mistake' }],
    ]);
  });

  it('ends with 1 when something was left, and names it', async () => {
    const operations = { rollbackRun: async () => PARTIAL };
    const { code, stdout } = await ao(['workflows', 'rollback', RUN_ID], { operations });
    expect(code).toBe(1);
    expect(stdout).toMatch(/\nundo_conflict: redis_key of pay: it was changed/);
    expect(stdout).not.toContain('\u001b');
  });

  it('ends with 3 for an unknown run', async () => {
    const unknown = new FleetError({ code: 'run_not_found', kind: 'not_found', message: 'there is no run' });
    const operations = { rollbackRun: () => Promise.reject(unknown) };
    expect(await ao(['workflows', 'rollback', RUN_ID], { operations })).toMatchObject({
      code: 3,
      stdout: '',
    });
  });
});
