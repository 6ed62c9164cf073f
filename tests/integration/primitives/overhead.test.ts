import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PrimitivesBench } from '../../../src/runtime/primitives-bench.ts';

const CLI = join(import.meta.dirname, '../../../src/cli/main.ts');

function bench(rounds: number): Promise<{ code: number; report: PrimitivesBench }> {
  return new Promise((resolve) => {
    const argv = [CLI, '--json', 'primitives', 'bench', '--rounds', String(rounds)];
    execFile(process.execPath, argv, (error, stdout) => {
      const code = typeof error?.code === 'number' ? error.code : 0;
      resolve({ code, report: JSON.parse(stdout) as PrimitivesBench });
    });
  });
}

describe('[P13.10] ao primitives bench', () => {
  it('telemetry adds less than a tenth to ten short steps, and says what it found on which machine', async () => {
    const { code, report } = await bench(10);
    expect(report.machine).toEqual({
      processor: expect.any(String),
      cores: expect.any(Number),
      node: process.version,
    });
    expect(report.shapes.map(({ name }) => name)).toEqual(['sequence', 'parallel', 'composed']);
    expect(report.ok).toBe(report.shapes.every(({ ratio }) => ratio <= 1.1));
    expect(code).toBe(report.ok ? 0 : 1);
    // By processor time: how long a run takes says more about the neighbours on a busy machine.
    const [sequence] = report.shapes;
    expect(sequence!.off.median).toBeGreaterThanOrEqual(49);
    expect(1 + sequence!.addedCpu / 50).toBeLessThanOrEqual(1.1);
    expect(report.noop.fn.off).toBeLessThanOrEqual(10);
    expect(report.noop.step.off).toBeLessThan(report.noop.step.on);
  }, 120_000);
});
