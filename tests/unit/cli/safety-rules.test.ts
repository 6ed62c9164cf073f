import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RulesChanged, SafetyOverview } from '../../../src/contracts/safety-operations/rules.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { ao, tempDir } from './fakes.ts';

const STATUS: SafetyOverview['status'] = {
  source: 'redis:ao:safety:rules',
  redis_key: 'ao:safety:rules',
  cache_ttl_s: 2,
  last_reload_ts: '2026-01-01T00:00:00.000Z',
  rules_version: '0123456789ab',
  last_error: {
    at: '2026-01-02T00:00:00.000Z',
    source: 'redis:ao:safety:rules',
    errors: [{ path: '/rules/0/pattern', code: 'pattern_invalid', message: 'rule "bad": not in RE2 syntax' }],
  },
  live: true,
};
const OVERVIEW: SafetyOverview = {
  enabled: true,
  status: STATUS,
  rules: [{ id: 'own', category: 'uncategorized', priority: 3, level: 'warning', built_in: false }],
  counts: { rules: 1, patterns: 0, terms: 1, phrases: { en: 1200 } },
  human_channel: 'none',
  system_health: 'warning',
};
const CHANGED: RulesChanged = { ok: true, status: { ...STATUS, rules_version: 'ba9876543210' } };

function fileOf(content: unknown): string {
  const file = join(tempDir(), 'rules.json');
  writeFileSync(file, JSON.stringify(content));
  return file;
}

describe('ao safety rules', () => {
  it('shows which rules hold, and why newer ones do not', async () => {
    const { stdout, code } = await ao(['safety', 'rules'], { operations: { safety: async () => OVERVIEW } });
    expect(code).toBe(0);
    expect(stdout).toContain('rules 0123456789ab from redis:ao:safety:rules');
    expect(stdout).toContain('/rules/0/pattern: rule "bad"');
    expect(stdout).toMatch(/^own +uncategorized +warning +3$/m);
  });

  it('puts a document in the place of the version that holds, or of the one that is named', async () => {
    const asked: unknown[] = [];
    const operations = {
      safety: async () => OVERVIEW,
      putSafetyRules: async (...args: unknown[]) => (asked.push(args.slice(0, 2)), CHANGED),
    };
    const file = fileOf({ rules: [] });
    const { stdout } = await ao(['safety', 'rules', 'put', file], { operations });
    await ao(['safety', 'rules', 'put', file, '--if-match', 'ffffffffffff'], { operations });
    expect(asked).toEqual([
      [{ rules: [] }, { ifMatch: '0123456789ab' }],
      [{ rules: [] }, { ifMatch: 'ffffffffffff' }],
    ]);
    expect(stdout).toContain('rules ba9876543210');
  });

  it('tells every fault of a document that is refused', async () => {
    const putSafetyRules = async () => {
      throw new FleetError({
        code: 'safety_rules_invalid',
        kind: 'invalid_input',
        message: 'the rules document has 1 fault',
        problems: STATUS.last_error!.errors,
      });
    };
    const { code, stderr } = await ao(['safety', 'rules', 'put', fileOf({}), '--if-match', 'ffffffffffff'], {
      operations: { putSafetyRules },
    });
    expect(code).toBe(2);
    expect(stderr).toContain('/rules/0/pattern');
  });

  it('goes back when it may, and reads anew', async () => {
    const asked: unknown[] = [];
    const operations = {
      rollbackSafetyRules: async (request: unknown) => (asked.push(request), CHANGED),
      reloadSafetyRules: async () => CHANGED,
    };
    expect((await ao(['safety', 'rules', 'rollback'], { operations })).code).not.toBe(0);
    await ao(['safety', 'rules', 'rollback', '--yes'], { operations });
    await ao(['safety', 'rules', 'rollback', '--yes', '--version', 'ffffffffffff'], { operations });
    expect(asked).toEqual([{}, { version: 'ffffffffffff' }]);
    expect((await ao(['safety', 'rules', 'reload'], { operations })).stdout).toContain('ba9876543210');
  });
});
