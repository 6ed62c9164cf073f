import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DefinitionView } from '../../../src/contracts/definition.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { ao, tempDir } from './fakes.ts';

const VIEW: DefinitionView = {
  name: 'two_step',
  version: 2,
  source: 'stored',
  versions: [{ version: 2, source: 'stored' }],
  timeout_ms: 30_000,
  sha256: 'a'.repeat(64),
  created_at: '2026-01-01T00:00:00.000Z',
  created_by: 'ops',
  definition: { name: 'two_step' },
  graph: {
    hash: 'b'.repeat(64),
    nodes: [
      { id: 'n0', path: '', kind: 'sequence', settings: {} },
      { id: 'n1', path: 'ipa.body', kind: 'step', name: 'ipa', settings: {} },
    ],
    edges: [],
    notes: [],
  },
};

describe('ao definitions', () => {
  it('lists names with versions and where they come from', async () => {
    const listDefinitions = async () => [
      { name: 'collaborative', latest: 1, versions: [{ version: 1, source: 'code' as const }] },
      { name: 'two_step', latest: 2, versions: [...VIEW.versions] },
    ];
    const { stdout, code } = await ao(['definitions'], { operations: { listDefinitions } });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^name +latest +versions$/m);
    expect(stdout).toMatch(/^collaborative +1 +1 \(code\)$/m);
  });

  it('shows one of them, of the version that is asked for', async () => {
    const asked: unknown[] = [];
    const getDefinition = async (...args: unknown[]) => (asked.push(args), VIEW);
    const { stdout } = await ao(['definitions', 'show', 'two_step', '--version', '2'], {
      operations: { getDefinition },
    });
    expect(asked).toEqual([['two_step', 2]]);
    expect(stdout).toMatch(/^workflow +two_step@2 \(stored\)$/m);
    expect(stdout).toMatch(/^ +step +ipa\.body$/m);
  });

  it('registers a file, and says whether that changed anything', async () => {
    const file = join(tempDir(), 'two-step.json');
    writeFileSync(file, '{"name":"two_step"}');
    for (const created of [true, false]) {
      const given: unknown[] = [];
      const putDefinition = async (content: unknown) => (given.push(content), { definition: VIEW, created });
      const result = await ao(['definitions', 'put', file, '--json'], { operations: { putDefinition } });
      expect(given).toEqual([{ name: 'two_step' }]);
      expect(result.json()).toMatchObject({ name: 'two_step', version: 2, created });
    }
  });

  it('a refused definition ends with 2 and every problem; a file that is no JSON too', async () => {
    const putDefinition = async (): Promise<never> => {
      throw new FleetError({
        code: 'invalid_workflow',
        kind: 'invalid_input',
        message: 'workflow "x": two problems',
        problems: [
          { path: '/nodes/0/agent', code: 'unknown_agent', message: 'no agent "ibo"' },
          { path: '', code: 'empty_workflow', message: 'needs a step' },
        ],
      });
    };
    const refused = await ao(['definitions', 'put', '-'], { operations: { putDefinition }, input: '{}' });
    expect(refused.code).toBe(2);
    for (const text of ['no agent "ibo"', 'needs a step']) expect(refused.stderr).toContain(text);
    expect((await ao(['definitions', 'put', '-'], { input: '{' })).code).toBe(2);
    expect((await ao(['definitions', 'put', '/nowhere.json'])).code).toBe(2);
  });

  it('deletes one version, or all, and asks first', async () => {
    const deleted: unknown[] = [];
    const deleteDefinition = async (name: string, version?: number) => void deleted.push([name, version]);
    const operations = { deleteDefinition };
    const one = ['definitions', 'delete', 'w', '--version', '3'];
    const unasked = await ao(one, { operations });
    expect(unasked).toMatchObject({ code: 2, stderr: expect.stringContaining('add --yes') });
    expect((await ao([...one, '--yes'], { operations })).code).toBe(0);
    const all = await ao(['definitions', 'delete', 'w', '--yes'], { operations });
    expect(all.stdout).toBe('all versions of w: deleted\n');
    expect(deleted).toEqual([
      ['w', 3],
      ['w', undefined],
    ]);
  });
});
