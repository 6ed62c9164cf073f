import { describe, expect, test } from 'vitest';
import { StoredMemory } from '../../../../src/contracts/memory.ts';
import { trendOf } from '../../../../src/sessions/memory/feelings.ts';
import { fitContext } from '../../../../src/sessions/memory/fit-context.ts';
import { progressOf, touches } from '../../../../src/sessions/memory/goals.ts';
import { decodeMemory, NO_MEMORY, remember } from '../../../../src/sessions/memory/remember.ts';
import { linesOf, viewMemory } from '../../../../src/sessions/memory/tell-memory.ts';
import type { TurnFacts } from '../../../../src/sessions/memory/turn-facts.ts';

function turn(number: number, facts: Partial<TurnFacts> = {}): TurnFacts {
  return {
    turn: number,
    text: '',
    intent: 'look',
    feeling: null,
    topic: null,
    place: null,
    person: null,
    themes: [],
    elements: [],
    ...facts,
  };
}

function after(turns: readonly TurnFacts[], goals: readonly string[] = []): StoredMemory {
  return turns.reduce((memory, one) => remember(memory, goals, one), NO_MEMORY);
}

const elder = { id: 'wise_elder', name: 'wise elder' };
const library = { id: 'library', name: 'library' };

describe('what a session remembers', () => {
  test('is people, places, themes and feelings, each with the turns in which they came', () => {
    const memory = after([
      turn(1, { place: library, themes: ['self_reflection'], feeling: 'sad' }),
      turn(2, { place: library, person: elder, topic: 'my fears', intent: 'talk_to' }),
      turn(3, { person: elder, themes: ['self_reflection'] }),
    ]);
    expect(memory.people).toEqual([{ ...elder, turns: 2, last_turn: 3 }]);
    expect(memory.places).toEqual([{ ...library, turns: 2, last_turn: 2 }]);
    expect(memory.themes).toEqual([{ name: 'self_reflection', turns: 2, last_turn: 3 }]);
    expect(memory.feelings).toEqual([{ turn: 1, feeling: 'sad' }]);
    expect(linesOf(memory)).toContain('Turn 2: at library; talk to; with wise elder; about my fears.');
  });

  test('has every turn in its summary, however many there were, and stays small', () => {
    let memory = NO_MEMORY;
    for (let number = 1; number <= 1000; number++) {
      const long = `${'x'.repeat(200)}${number}`;
      memory = remember(
        memory,
        [],
        turn(number, {
          text: long,
          place: { id: `p${number}`, name: `place ${number}` },
          person: { id: `n${number}`, name: long },
          topic: long,
          feeling: 'anxious',
          themes: [`theme ${number}`],
        }),
      );
      const spans = memory.episodes.map(({ from, to }) => [from, to]);
      expect(spans[0]?.[0]).toBe(1);
      expect(spans.at(-1)?.[1]).toBe(number);
      for (const [i, [from]] of spans.entries()) if (i > 0) expect(from).toBe(spans[i - 1]![1]! + 1);
    }
    expect(StoredMemory.safeParse(memory).success).toBe(true);
    expect(JSON.stringify(memory).length).toBeLessThan(32_000);
    expect(memory.episodes.filter(({ from, to }) => from === to).length).toBeGreaterThanOrEqual(20);
    expect(viewMemory(memory).summary).toContain('Turns 1-');
  });

  test('is the same whoever settles a turn, and leaves what it began with as it was', () => {
    const memory = after([turn(1, { feeling: 'sad', topic: 'home' })]);
    const before = structuredClone(memory);
    const next = turn(2, { feeling: 'calm', person: elder });
    expect(remember(memory, ['feel calm'], next)).toEqual(remember(memory, ['feel calm'], next));
    expect(memory).toEqual(before);
  });

  test('keeps topics as threads, and a hard feeling until a bright one follows', () => {
    const hard = after([
      turn(1, { topic: 'my fears', person: elder }),
      turn(2, { feeling: 'anxious' }),
      turn(3, { feeling: 'sad' }),
      turn(4, { topic: 'my fears' }),
    ]);
    expect(hard.threads).toEqual([
      { kind: 'feeling', about: 'anxious', turn: 2 },
      { kind: 'feeling', about: 'sad', turn: 3 },
      { kind: 'topic', about: 'my fears', turn: 4 },
    ]);
    expect(remember(hard, [], turn(5, { feeling: 'hopeful' })).threads).toEqual([
      { kind: 'topic', about: 'my fears', turn: 4 },
    ]);
  });

  test('that cannot be read is no memory, so that the session goes on', () => {
    for (const text of [undefined, '', '{', '[]', '{"episodes":1}'])
      expect(decodeMemory(text)).toEqual(NO_MEMORY);
    const memory = after([turn(1, { person: elder })]);
    expect(decodeMemory(JSON.stringify(memory))).toEqual(memory);
  });
});

describe('the trend of feelings', () => {
  const trend = (...feelings: string[]) => trendOf(feelings.map((feeling, i) => ({ turn: i + 1, feeling })));
  test.each([
    [[], null],
    [['sad'], null],
    [['sad', 'hopeful'], 'improving'],
    [['calm', 'anxious'], 'worsening'],
    [['sad', 'anxious', 'lonely'], 'steady'],
    [['calm', 'calm', 'calm', 'calm', 'sad', 'sad', 'sad', 'happy', 'calm', 'hopeful'], 'improving'],
  ])('%j is %s', (feelings, expected) => {
    expect(trend(...feelings)).toBe(expected);
  });
});

describe('the progress of goals', () => {
  test.each([
    ['feel less anxious in crowds', { text: 'The crowd makes me dizzy' }, true],
    ['feel less anxious in crowds', { feeling: 'anxious' }, true],
    ['make new friends', { elements: ['social_connection'] }, true],
    ['be braver', { themes: ['courage'] }, true],
    ['sleep better', { topic: 'sleeping' }, true],
    ['feel less anxious in crowds', { text: 'I feel like having more of that' }, false],
    ['make new friends', { text: 'look at the stone', themes: ['mindfulness'] }, false],
    ['constructor', { themes: ['constructor'] }, true],
    ['', { text: 'anything' }, false],
  ])('%j and %j: %s', (goal, facts, expected) => {
    expect(touches(goal, turn(1, facts))).toBe(expected);
  });

  test('counts a turn once for each goal, and begins anew with a goal that is new', () => {
    const goals = ['make new friends', 'sleep better'];
    const memory = after(
      [turn(1, { text: 'friends, friends, friends' }), turn(2, { text: 'a friend who sleeps' })],
      goals,
    );
    expect(memory.goals).toEqual([
      { goal: 'make new friends', turns: 2, last_turn: 2 },
      { goal: 'sleep better', turns: 1, last_turn: 2 },
    ]);
    expect(progressOf(['sleep better', 'be brave'], memory.goals, null)).toEqual([
      { goal: 'sleep better', turns: 1, last_turn: 2 },
      { goal: 'be brave', turns: 0, last_turn: 0 },
    ]);
  });
});

describe('what agents are told of the past', () => {
  const lines = ['aaaa', 'bbbb', 'cccc'];
  const turns = ['one', 'two'].map((text) => ({ text, response_text: '1234567' }));

  test('is whole items, the newest, within the limit', () => {
    expect(fitContext({ lines, turns }, 100)).toEqual({ lines, turns });
    expect(fitContext({ lines, turns }, 30)).toEqual({ lines: ['bbbb', 'cccc'], turns });
    expect(fitContext({ lines, turns }, 30, 6)).toEqual({ lines: [], turns });
    expect(fitContext({ lines, turns }, 19)).toEqual({ lines: [], turns: turns.slice(1) });
    expect(fitContext({ lines, turns }, 9)).toEqual({ lines: [], turns: [] });
    expect(fitContext({ lines, turns }, 5, 50)).toEqual({ lines: [], turns: [] });
  });

  test('leaves out of the summary what is told word by word', () => {
    const memory = after([1, 2, 3].map((number) => turn(number, { place: library })));
    expect(linesOf(memory, 3)).toEqual(['Turn 1: at library; look.', 'Turn 2: at library; look.']);
  });
});
