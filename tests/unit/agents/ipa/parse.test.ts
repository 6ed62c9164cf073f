import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { INTENTS, IpaOutput } from '../../../../src/contracts/intent.ts';
import { parseText } from '../../../../src/agents/ipa/parse.ts';
import { createStarterWorld } from '../../../../src/sessions/world/starter-world.ts';
import { viewOf } from '../../../../src/sessions/world/view.ts';
import { threadMs } from '../../../support/thread-time.ts';

function viewAt(location: string, cameFrom: string | null = null) {
  const world = createStarterWorld('w', '2026-01-01T00:00:00.000Z');
  return viewOf({ ...world, player: { ...world.player, location_id: location, came_from: cameFrom } });
}
const village = viewAt('village_center');
const library = viewAt('library', 'village_center');
const clearing = viewAt('forest_clearing');

describe('the table of the specification', () => {
  it.each([
    ['n', { intent: 'move', direction: 'north', confidence: 0.95 }],
    ['go north', { intent: 'move', direction: 'north', confidence: 0.95 }],
    ['head to the north', { intent: 'move', direction: 'north', confidence: 0.95 }],
    ['examine the ancient journal on the table', { intent: 'examine', object: 'ancient journal' }],
    ['talk to the wise elder about my fears', { intent: 'talk_to', npc: 'wise elder', topic: 'fears' }],
    ['ask the guard about the missing artifact', { intent: 'ask', npc: 'guard', topic: 'missing artifact' }],
    ['attack the goblin with my sword', { intent: 'attack', npc: 'goblin', instrument: 'sword' }],
    [
      'I feel overwhelmed by all these choices',
      { intent: 'express_emotion', emotion: 'overwhelmed', confidence: 0.85 },
    ],
    ['xyzzy plugh', { intent: 'unknown', confidence: 0.3 }],
  ])('reads %j', (text, expected) => {
    expect(parseText(text, null, null)).toMatchObject(expected);
  });
});

describe('every intent', () => {
  const examples: Record<string, string> = {
    look: 'where am I?',
    examine: 'Look at the fountain',
    move: 'se',
    take: 'pick up the pebble',
    drop: 'put down the pebble',
    use: 'use the fountain',
    open: 'open the journal',
    close: 'shut the journal',
    give: 'give the journal to the elder',
    talk_to: 'say hello to the merchant',
    ask: 'ask the merchant about apples',
    attack: 'hit the goblin',
    express_emotion: 'I’m so tired',
    rest: 'take a deep breath',
    wait: 'please wait a moment',
    continue: 'what happens next?',
    inventory: 'i',
    help: 'HELP',
    status: 'status',
    save: 'save my game',
    quit: 'quit',
    unknown: 'blorptastic quux',
  };
  it.each([...INTENTS])('%s has a phrase that means it', (intent) => {
    expect(parseText(examples[intent] ?? '', village, null).intent).toBe(intent);
  });
});

describe('pitfalls', () => {
  it.each([
    ['whatever looks', 'unknown'],
    ['I need help with my feelings', 'express_emotion'],
    ['help me save the village', 'unknown'],
    ['I quit smoking', 'unknown'],
    ['the inventory is long', 'unknown'],
  ])('%j is %s', (text, intent) => {
    expect(parseText(text, null, null).intent).toBe(intent);
  });
});

describe('targets', () => {
  it('resolve to ids by name, alias and part of a name', () => {
    expect(parseText('examine the old woman', village, null).actions[0]).toMatchObject({
      npc_ref: 'wise_elder',
      confidence: 0.95,
    });
    expect(parseText('pick the journal up', library, null).actions[0]).toMatchObject({
      intent: 'take',
      object_ref: 'ancient_journal',
    });
    expect(parseText('examine the wisdom book', library, null).actions[0]).toMatchObject({
      object_ref: 'wisdom_books',
    });
  });

  it('that fit two things equally ask instead of guessing', () => {
    const stones = {
      ...clearing,
      objects: ['red', 'blue'].map((colour) => ({
        ...clearing.objects[0]!,
        id: `${colour}_stone`,
        name: `${colour} stone`,
        aliases: [],
      })),
    };
    const result = parseText('take the stone', stones, null);
    expect(result).toMatchObject({ needs_clarification: true, confidence: 0.6 });
    expect(result.alternatives.map((one) => one.text)).toEqual(['take the red stone', 'take the blue stone']);
    expect(parseText('take the blue stone', stones, null).actions[0]?.object_ref).toBe('blue_stone');
  });

  it('may be pronouns for what was spoken of last', () => {
    expect(parseText('read it', library, 'ancient_journal').actions[0]?.object_ref).toBe('ancient_journal');
    expect(parseText('take the journal and open it', library, null).actions[1]?.object_ref).toBe(
      'ancient_journal',
    );
    expect(parseText('talk to her', village, 'wise_elder').actions[0]?.npc_ref).toBe('wise_elder');
    expect(parseText('read it', library, null)).toMatchObject({ confidence: 0.5, needs_clarification: true });
  });

  it('that are missing halve the confidence, unless only one person can be meant', () => {
    expect(parseText('take', library, null)).toMatchObject({ confidence: 0.5, needs_clarification: true });
    expect(parseText('talk', village, null)).toMatchObject({ confidence: 0.5, needs_clarification: true });
    expect(parseText('talk', library, null)).toMatchObject({ npc: 'librarian', needs_clarification: false });
  });

  it('of gifts are found in either order', () => {
    for (const text of ['give the elder the journal', 'give the journal to the elder']) {
      expect(parseText(text, village, null).actions[0]).toMatchObject({
        object: 'journal',
        npc_ref: 'wise_elder',
      });
    }
  });

  it('of questions end where the topic begins', () => {
    expect(parseText('ask librarian why the shelves hum', library, null)).toMatchObject({
      npc: 'librarian',
      topic: 'why the shelves hum',
    });
  });

  it('carry offsets into the text', () => {
    const text = 'Kindly EXAMINE the Ancient Journal, please';
    const entity = parseText(text, library, null).entities[0];
    expect(text.slice(entity?.start, entity?.end)).toBe('Ancient Journal');
    expect(entity).toMatchObject({ type: 'object', ref: 'ancient_journal' });
  });
});

describe('moving', () => {
  it.each([
    ['go to the library', village, { place_ref: 'library' }],
    ['I am going to the clearing', village, { place_ref: 'forest_clearing' }],
    ['enter', village, { direction: 'in' }],
    ['leave the village', village, { direction: 'out' }],
    ['go back', library, { direction: 'west' }],
    ['go in', village, { direction: 'in' }],
    ['take me to the library please', village, { place_ref: 'library' }],
    ['walk east to the library', village, { direction: 'east' }],
  ])('%j', (text, view, expected) => {
    expect(parseText(text, view, null).actions[0]).toMatchObject({ intent: 'move', ...expected });
  });

  it('without saying where offers the ways there are', () => {
    expect(parseText('go', village, null).alternatives.map((one) => one.text)).toEqual([
      'go north',
      'go east',
    ]);
  });

  it('does not walk toward a journal that is left', () => {
    expect(parseText('leave the journal', library, null).intent).toBe('drop');
  });
});

describe('several actions in one line', () => {
  it.each([
    ['take the journal then go west', ['take', 'move']],
    ['take the journal, read it and go west', ['take', 'examine', 'move']],
    ['n, e, s', ['move', 'move', 'move']],
    ['go north and east', ['move', 'move']],
    ['I feel sad. I want to go west.', ['express_emotion', 'move']],
    ['take the chair and the books', ['take', 'take']],
    ['look up and down', ['look']],
    ['talk to the librarian about love and loss', ['talk_to']],
  ])('%j', (text, intents) => {
    expect(parseText(text, library, null).actions.map((action) => action.intent)).toEqual(intents);
  });

  it('beyond the fifth are counted, not done', () => {
    const result = parseText('n, n, n, n, n, n, n', null, null);
    expect(result.actions).toHaveLength(5);
    expect(result.dropped_actions).toBe(2);
  });

  it('are as certain as the least certain one', () => {
    expect(parseText('go west then take the dragon', library, null).confidence).toBe(0.7);
  });

  it('take everything that can be taken', () => {
    expect(parseText('take everything', library, null).actions.map((a) => a.object_ref)).toEqual([
      'ancient_journal',
    ]);
  });
});

describe('feelings', () => {
  it.each([
    ['I am not only sad', 'sad'],
    ["I'm not sad, I'm angry", 'angry'],
    ['so tired', 'tired'],
    ['it makes me sad', 'sad'],
    ['I keep feeling anxious', 'anxious'],
    ['I feel down', 'sad'],
    ['I am not sure I can do this', 'confused'],
    ["I'm stuck", 'lost'],
    ['I’ve been feeling really lonely lately', 'lonely'],
  ])('%j is %s', (text, emotion) => {
    expect(parseText(text, null, null)).toMatchObject({ intent: 'express_emotion', emotion });
  });

  it.each(["I'm not sad", "I don't feel calm", 'I am no longer afraid'])('%j names no feeling', (text) => {
    const result = parseText(text, null, null);
    expect(result.intent).toBe('express_emotion');
    expect(result.emotion).toBeUndefined();
  });

  it.each(['I miss my mother', 'I want to hurt myself', 'kill me'])(
    '%j is a feeling, not a command',
    (text) => {
      expect(parseText(text, village, null)).toMatchObject({
        intent: 'express_emotion',
        routing: { workflow: 'collaborative' },
      });
    },
  );

  it('told to somebody absent leave the name whole', () => {
    expect(parseText('tell the elder I feel lost', library, null)).toMatchObject({
      npc: 'elder',
      topic: 'i feel lost',
    });
  });

  it('told to somebody are still talk, with the feeling noted', () => {
    expect(parseText('tell the librarian I feel lost', library, null)).toMatchObject({
      intent: 'talk_to',
      npc: 'librarian',
      emotion: 'lost',
    });
  });
});

describe('the parser', () => {
  it('reads over a slip of the fingers in a verb or a name, but is less sure of it', () => {
    const { actions } = parseText('exmine the chiar', library, null);
    expect(actions).toMatchObject([{ intent: 'examine', object_ref: 'reading_chair', confidence: 0.7 }]);
    expect(parseText('exmine the unicorn', library, null)).toMatchObject({
      intent: 'unknown',
      alternatives: [],
    });
  });

  it('suggests a command for a bare name', () => {
    expect(parseText('librarian', library, null).alternatives[0]).toMatchObject({
      text: 'talk to the librarian',
    });
  });

  it('routes meta commands, looks and tales to their workflows and all else to the collaborative one', () => {
    const workflow = (text: string) => parseText(text, village, null).routing.workflow;
    expect(workflow('status')).toBe('input_processing');
    expect(workflow('examine the fountain')).toBe('world_building');
    expect(workflow('continue')).toBe('narrative_generation');
    expect(workflow('look then go north')).toBe('collaborative');
  });

  it('gives a valid and repeatable result for any text', () => {
    const words = fc.constantFrom(
      ...'go take the journal and then it I feel not sad north , . give to about her talk look library pick up elder'.split(
        ' ',
      ),
    );
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 80 }),
      fc.array(words, { maxLength: 14 }).map((w) => w.join(' ')),
    );
    fc.assert(
      fc.property(text, fc.constantFrom(null, library, village), (input, view) => {
        const result = IpaOutput.parse(parseText(input, view, null));
        expect(parseText(input, view, null)).toEqual(result);
        for (const { start, end } of result.entities) expect(start <= end && end <= input.length).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('takes less than 5 ms per line on average', () => {
    const start = threadMs();
    for (let i = 0; i < 100; i++)
      parseText('take the journal, read it and go west, then talk to the elder', library, null);
    expect((threadMs() - start) / 100).toBeLessThan(5);
  });
});
