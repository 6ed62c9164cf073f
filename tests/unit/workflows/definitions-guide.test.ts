import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { definedAgents } from '../../../src/workflows/catalog/steps.ts';
import { compileDefinition } from '../../../src/workflows/registry/compile-definition.ts';

const ROOT = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const limits = { runTimeoutMs: 60_000, stepTimeoutMs: { ipa: 10_000, wba: 10_000, nga: 10_000 } };
const compile = (content: unknown) =>
  compileDefinition(content, { agents: definedAgents(limits), ...limits });

describe('the guide to definitions', () => {
  const shown = [...read('docs/definitions.md').matchAll(/^```json\n(.*?)^```$/gms)].map(
    ([, text]) => JSON.parse(text!) as { name: string },
  );

  it('shows the examples as they are', () => {
    const files = globSync('examples/definitions/*.json', { cwd: ROOT });
    const examples = files.map((file) => JSON.parse(read(file)) as { name: string });
    const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
    expect(shown.toSorted(byName)).toEqual(examples.toSorted(byName));
  });

  it('shows definitions that any fleet accepts', () => {
    expect(shown.map((content) => compile(content).name)).toEqual(['two_step', 'patient_guide']);
  });
});

describe('a definition without code', () => {
  it('takes a turn as its input where its agents take what they take by default', () => {
    const sequence = (...agents: string[]) =>
      compile({ name: 'w', agent_sequence: agents.map((agent) => ({ agent })) });
    expect(sequence('ipa').input.safeParse({ text: 'look' }).success).toBe(true);
    expect(sequence('ipa').input.safeParse({ words: 'look' }).success).toBe(false);
    expect(sequence('ipa', 'nga').needsIntent).toBe(false);
    expect(sequence('nga', 'ipa').needsIntent).toBe(true);
    expect(sequence('input_processor', 'narrative_generator').needsIntent).toBe(false);
  });

  it('takes any JSON where it says itself what they take', () => {
    const content = {
      name: 'w',
      nodes: [{ kind: 'step', id: 'a', agent: 'ipa', input: { text: { $ref: 'input' }, view: null } }],
      output: null,
    };
    expect(compile(content).input.safeParse('look').success).toBe(true);
    expect(compile(content).needsIntent).toBe(false);
  });
});
