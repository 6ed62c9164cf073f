import { expect, test } from 'vitest';
import { loadConfig } from '../../../config/load.ts';
import type { Config } from '../../../config/schema.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';
import { changesBetween, ConfigReloader } from '../../../src/runtime/reload-config.ts';

const config = (overrides: Record<string, string> = {}): Config => loadConfig({ env: {}, overrides });

test('what holds at once is told apart from what needs a restart, by path', () => {
  const started = config();
  const current = config({ 'router.weight_queue': '0.5' });
  expect(changesBetween(started, started, started)).toEqual({ changed: [], restartRequired: [] });
  expect(changesBetween(started, current, current)).toEqual({ changed: [], restartRequired: [] });
  const next = config({ 'router.enabled': 'false', 'redis.key_prefix': 'other', port: '1234' });
  const { changed, restartRequired } = changesBetween(started, current, next);
  expect(changed.toSorted()).toEqual(['router.enabled', 'router.weight_queue']);
  expect(restartRequired).toEqual(expect.arrayContaining(['port', 'redis.key_prefix']));
});

test('a configuration that cannot be read changes nothing, and the next good one holds whole', async () => {
  const metrics = createMetrics({ role: 'test', version: '0' });
  const lines: { level: string; fields: Record<string, unknown> }[] = [];
  const note = (level: string) => (fields: Record<string, unknown>) => void lines.push({ level, fields });
  let now = 5000;
  let next = (): Config => config({ 'router.weight_queue': 'much' });
  const applied: Config[] = [];
  const reloader = new ConfigReloader({
    config: config(),
    load: async () => next(),
    apply: (given) => void applied.push(given),
    log: { info: note('info'), error: note('error') },
    metrics,
    clock: { now: () => now },
  });
  const shown = async (name: string): Promise<string | undefined> => {
    const { body } = await metrics.render();
    return new RegExp(`^agent_orchestration_config_last_reload_${name}(?:\\{.*\\})? (\\d+)$`, 'm').exec(
      body,
    )?.[1];
  };
  const success = () => shown('success');
  const secondsSince = () => shown('timestamp_seconds');
  expect([await success(), await secondsSince()]).toEqual(['1', '5']);

  now = 9000;
  await reloader.reload();
  expect(applied).toEqual([]);
  expect([await success(), await secondsSince()]).toEqual(['0', '9']);
  expect(lines).toMatchObject([{ level: 'error', fields: { err: { code: 'config_invalid' } } }]);

  next = () => config({ 'router.weight_queue': '0.9', port: '1234' });
  await Promise.all([reloader.reload(), reloader.reload()]);
  expect(applied.map(({ router }) => router.weight_queue)).toEqual([0.9, 0.9]);
  expect(await success()).toBe('1');
  expect(lines.slice(1).map(({ fields }) => fields)).toEqual([
    { changed: ['router.weight_queue'], restart_required: ['port'] },
    { changed: [], restart_required: ['port'] },
  ]);
});
