import { describe, expect, it, test } from 'vitest';
import { QUEUE_NAMES } from '../../../queues/catalogue.ts';
import { AGENT_TYPES } from '../../../src/contracts/agent-type.ts';
import { COORDINATION_SEGMENTS } from '../../../src/coordination/keys.ts';
import { RESERVED_SEGMENTS } from '../../../src/redis/keys.ts';
import { CIRCUIT_SEGMENTS } from '../../../src/resilience/shared/keys.ts';
import { AnyJson, withAnyType, withKnownTypes } from '../../../src/workflows/catalog/custom-agents.ts';
import { definedAgents } from '../../../src/workflows/catalog/steps.ts';
import { compileDefinition } from '../../../src/workflows/registry/compile-definition.ts';
import { customTypeProblem } from '../../../src/workflows/registry/custom-type.ts';

const LIMITS = { runTimeoutMs: 60_000, stepTimeoutMs: { ipa: 10_000, wba: 10_000, nga: 10_000 } };
const own = definedAgents(LIMITS);
const types = {
  find: (name: string) =>
    name === 'echo' ? { timeoutMs: 7000, isIdempotent: false, version: '1' } : undefined,
  names: () => ['echo'],
};
const compile = (content: unknown, agents = withKnownTypes(own, types)) =>
  compileDefinition(content, { agents, ...LIMITS });
const sequence = (...agents: string[]) => ({
  name: 'w',
  agent_sequence: agents.map((agent) => ({ agent })),
});

describe('[R8.1] the name of a type of agents', () => {
  test.each(['echo', 'my-custom_Type1', 'a', 'Dlq2'])('%s may be brought by a module', (type) => {
    expect(customTypeProblem(type)).toBeNull();
  });

  test.each([
    ...QUEUE_NAMES,
    ...Object.values(AGENT_TYPES),
    ...RESERVED_SEGMENTS,
    ...COORDINATION_SEGMENTS,
    ...CIRCUIT_SEGMENTS,
    'IPA',
    'constructor',
    'redis',
    'run',
    'input',
  ])('%s is taken', (type) => {
    expect(customTypeProblem(type)).toMatch(/choose another type$/);
  });

  test.each(['', '1a', 'a b', 'a.b', 'a:b', '__proto__', 'a'.repeat(65)])('"%s" is none', (type) => {
    expect(customTypeProblem(type)).toContain('is no type: expected a letter');
  });
});

describe('[R8.1] a definition that names a type of agents', () => {
  it('is compiled when the type is known: a step on its queue, within its time', () => {
    const plan = JSON.stringify(compile(sequence('echo')).plan);
    expect(plan).toContain('"queue":"echo"');
    expect(plan).toContain('"timeoutMs":7000');
    expect(plan).toContain('"idempotent":false');
  });

  it('is refused when it is not, with the nearest name or all of them', () => {
    expect(() => compile(sequence('ecko'))).toThrow(/no agent "ecko"; did you mean "echo"\?/);
    expect(() => compile(sequence('zzz'))).toThrow(/no agent "zzz"; known: ipa, input_processor, .*, echo/);
  });

  it('is known whatever types are, once it was accepted', () => {
    const agents = withAnyType(own, types);
    expect(JSON.stringify(compile(sequence('gone'), agents).plan)).toContain('"queue":"gone"');
    expect(() => compile(sequence('flow'), agents)).toThrow(/no agent "flow"/);
  });

  it('takes any input, unless an agent of the fleet takes a line of a player', () => {
    expect(compile(sequence('echo')).input.safeParse(['any', 1, null]).success).toBe(true);
    expect(compile(sequence('echo', 'ipa')).input.safeParse(['any']).success).toBe(false);
    expect(compile(sequence('echo')).needsIntent).toBe(false);
    expect(compile(sequence('echo', 'nga')).needsIntent).toBe(true);
  });
});

describe('what such agents take and answer', () => {
  test.each([[null], ['text'], [0], [[1, { a: [] }]], [{}]])('%j is JSON', (value) => {
    expect(AnyJson.safeParse(value)).toEqual({ success: true, data: value });
  });

  test.each([
    [undefined, '', 'undefined is not JSON'],
    [{ a: undefined }, 'a', 'undefined is not JSON'],
    [[0, NaN], '1', 'NaN is not JSON'],
    [{ a: { b: () => 1 } }, 'a.b', 'function is not JSON'],
    [{ at: new Date(0) }, 'at', 'is no plain object; only JSON is accepted'],
    [new Map(), '', 'is no plain object; only JSON is accepted'],
  ])('%s is none, and its place is named', (value, path, message) => {
    const [issue, ...more] = AnyJson.safeParse(value).error?.issues ?? [];
    expect(more).toEqual([]);
    expect({ path: issue?.path.join('.'), message: issue?.message }).toEqual({ path, message });
  });

  it('tells of a cycle instead of going round in it', () => {
    const round: Record<string, unknown> = {};
    round['again'] = round;
    expect(AnyJson.safeParse(round).error?.issues[0]?.message).toBe('refers back to what it is part of');
  });
});
