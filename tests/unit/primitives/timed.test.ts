import { expect, it } from 'vitest';
import { createMetrics } from '../../../src/observability/metrics.ts';
import { timed } from '../../../src/primitives/observe/timed.ts';

it('[P8] a plain function is counted and timed by its name, and gives what it gave', async () => {
  const metrics = createMetrics({ role: 'test', version: '0' });
  const double = timed('double', (n: number) => n * 2, metrics);
  const later = timed('later', async (n: number) => n + 1, metrics, 'stories');
  const broken = timed(
    'broken',
    async () => {
      throw new Error('no');
    },
    metrics,
  );
  expect(double(2)).toBe(4);
  expect(await later(1)).toBe(2);
  await expect(broken()).rejects.toThrow('no');
  const { body: text } = await metrics.render();
  const line = (name: string, definition: string, outcome: string): RegExp =>
    new RegExp(
      `primitive_executions_total\\{[^}]*primitive="${name}",definition="${definition}",engine="in_process",outcome="${outcome}"[^}]*\\} 1\\b`,
    );
  expect(text).toMatch(line('double', 'none', 'success'));
  expect(text).toMatch(line('later', 'stories', 'success'));
  expect(text).toMatch(line('broken', 'none', 'error'));
  expect(text).toMatch(/primitive_duration_seconds_count\{[^}]*primitive="double"[^}]*\} 1\b/);
});
