import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSafety } from '../../../src/runtime/open-safety.ts';
import { ao, fakePorts, tempDir } from './fakes.ts';

const safety = openSafety();
const ports = fakePorts({ openSafety: async () => safety });

function fileOf(text: string): string {
  const file = join(tempDir(), 'input');
  writeFileSync(file, text);
  return file;
}

test('every line is answered in its order, a bad one with its error, and then the exit code is 2', async () => {
  const file = fileOf('{"text":"I want to kill myself"}\nno json\n{"text":5}\n{"text":"open the door"}\n');
  const { code, stdout } = await ao(['safety', 'test', '--json', file], { ports });
  const answers = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  expect(answers).toMatchObject([
    { level: 'blocked', crisis_detected: true, assessment: { crisis_level: 'critical' } },
    { error: 'is not JSON', line: 2 },
    { error: expect.stringContaining('text'), line: 3 },
    { level: 'safe', crisis_detected: false },
  ]);
  expect(code).toBe(2);
});

test('a text is judged by itself', async () => {
  const { code, stdout } = await ao(['safety', 'test', 'I want to kill myself'], { ports });
  expect(stdout).toMatch(/^blocked, crisis: /);
  expect(code).toBe(0);
});

test('a labelled set is scored, and a share below the limit fails', async () => {
  const file = fileOf(
    '{"text":"I want to kill myself","crisis":true,"type":"suicidal_ideation","level":"blocked"}\n' +
      '{"text":"open the door","crisis":true,"type":"violence","level":"blocked"}\n',
  );
  const scored = await ao(['safety', 'eval', '--dataset', file, '--json'], { ports });
  expect(JSON.parse(scored.stdout)).toMatchObject({ lines: 2, sensitivity: { hits: 1, of: 2 } });
  expect(scored.code).toBe(0);
  const limited = await ao(['safety', 'eval', '--dataset', file, '--min-sensitivity', '0.9'], { ports });
  expect(limited.code).toBe(1);
});

test('all faults of a rules document are told', async () => {
  const bad = fileOf('rules:\n  - { id: one, pattern: "(" }\n  - { id: two, pattern: "(a)\\\\1" }\n');
  const { code, stdout } = await ao(['safety', 'check-rules', bad, '--json'], { ports });
  expect(JSON.parse(stdout)).toMatchObject({ valid: false, errors: [{}, {}] });
  expect(code).toBe(1);
  const good = await ao(['safety', 'check-rules', fileOf('{"rules":[]}')], { ports });
  expect(good.code).toBe(0);
});
