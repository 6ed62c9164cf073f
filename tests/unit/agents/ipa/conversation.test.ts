import { describe, expect, it } from 'vitest';
import { parseText } from '../../../../src/agents/ipa/parse.ts';
import { lastEntityOf } from '../../../../src/contracts/intent.ts';
import { createStarterWorld } from '../../../../src/sessions/world/starter-world.ts';
import { viewOf } from '../../../../src/sessions/world/view.ts';

function viewAt(location: string) {
  const world = createStarterWorld('w', '2026-01-01T00:00:00.000Z');
  return viewOf({ ...world, player: { ...world.player, location_id: location } });
}
const village = viewAt('village_center');
const library = viewAt('library');
const clearing = viewAt('forest_clearing');

describe('in a conversation', () => {
  it.each([
    ['who are you?', 'ask'],
    ['what do you think about forgiveness?', 'ask'],
    ['what is your name', 'ask'],
    ['why?', 'ask'],
    ['yes', 'talk_to'],
    ["I don't know", 'talk_to'],
    ['my sister is far away', 'talk_to'],
  ])('%j goes to the one who was spoken with last', (text, intent) => {
    const { actions } = parseText(text, village, 'wise_elder');
    expect(actions).toMatchObject([{ intent, npc_ref: 'wise_elder', needs_clarification: false }]);
  });

  it('a question that says "you" goes to the only one there is, and is asked back among several', () => {
    expect(parseText('what do you sell', library, null)).toMatchObject({
      intent: 'ask',
      actions: [{ npc_ref: 'librarian' }],
    });
    const { needs_clarification, alternatives } = parseText('what do you sell', village, 'fountain');
    expect(needs_clarification).toBe(true);
    for (const { text, ref } of alternatives) {
      expect(parseText(text, village, null)).toMatchObject({ intent: 'ask', actions: [{ npc_ref: ref }] });
    }
  });

  it.each(['why?', 'yes', 'what do you sell'])(
    '%j means nothing where there is nobody to say it to',
    (text) => expect(parseText(text, clearing, 'wise_elder').intent).toBe('unknown'),
  );

  it('commands stay commands, and nonsense stays nonsense', () => {
    expect(parseText('go north', village, 'wise_elder').intent).toBe('move');
    expect(parseText('blorptastic quux', village, 'wise_elder').intent).toBe('unknown');
  });

  it('whoever is meant without being named is the next "her"', () => {
    const hello = parseText('what do you recommend?', library, null);
    expect(lastEntityOf(hello)).toBe('librarian');
  });
});

describe('him and her', () => {
  it('are told apart by how people are spoken of', () => {
    expect(parseText('talk to him', village, 'wise_elder').actions[0]?.npc_ref).toBe('friendly_merchant');
    expect(parseText('talk to her', village, 'friendly_merchant').actions[0]?.npc_ref).toBe('wise_elder');
  });

  it('are found although something unknown was spoken of since', () => {
    const [give] = parseText('give the apple to him', village, 'apple').actions;
    expect(give).toMatchObject({ intent: 'give', object: 'apple', npc_ref: 'friendly_merchant' });
  });
});

describe('what is only part of something', () => {
  it.each([
    ['read the notes', village, { object: 'notes', object_ref: 'community_board' }],
    ['look at the pebbles', clearing, { object_ref: 'flowing_stream' }],
    ['look at the trees', clearing, { place: 'trees', place_ref: 'forest_clearing' }],
  ])('%s looks at what holds it', (text, view, expected) => {
    expect(parseText(text, view, null).actions[0]).toMatchObject({ intent: 'examine', ...expected });
  });

  it('is not made up', () => {
    expect(parseText('look at the dragon', clearing, null).actions[0]?.place_ref).toBeUndefined();
  });
});

describe('a look', () => {
  it.each([
    ['who is here?', { topic: 'people' }],
    ['where can I go', { topic: 'ways' }],
    ['where is the library', { place_ref: 'library' }],
  ])('%s asks for one thing only', (text, expected) => {
    expect(parseText(text, village, null).actions[0]).toMatchObject({ intent: 'look', ...expected });
  });

  it('at everything is a look around', () => {
    expect(parseText('look at everything', village, null).intent).toBe('look');
  });
});

it('a correction is offered only where it would mean something', () => {
  expect(parseText('sing a song', village, null).alternatives).toEqual([]);
  expect(parseText('wake up', village, null).alternatives).toEqual([]);
  expect(parseText('exmine the unicorn', village, null).alternatives).toEqual([]);
  // Where there is such a thing, no question is needed.
  expect(parseText('exmine the fountain', village, null).actions).toMatchObject([
    { intent: 'examine', object_ref: 'fountain' },
  ]);
});

it('"take it back" takes it', () => {
  expect(parseText('take the journal back', library, null).actions[0]?.object_ref).toBe('ancient_journal');
});

describe('with nobody to hear it', () => {
  it.each(['I lost my job', 'my sister is far away', 'I forgive myself', 'this place is beautiful'])(
    '%j is for the story to hold, as a feeling without a name',
    (text) => {
      const { intent, emotion, alternatives } = parseText(text, clearing, null);
      expect({ intent, emotion, alternatives }).toEqual({
        intent: 'express_emotion',
        emotion: undefined,
        alternatives: [],
      });
    },
  );
});

describe('what is there everywhere', () => {
  it.each(['feel the ground', 'look at the sky', 'look at my hands', 'touch the earth'])(
    '%j comes to rest',
    (text) => expect(parseText(text, library, null).intent).toBe('rest'),
  );

  it('is not used up as a tool', () => {
    expect(parseText('open the sky', library, null).intent).toBe('open');
  });
});

describe('what was spoken of elsewhere', () => {
  it('is not meant by "it" any more', () => {
    const { needs_clarification, actions } = parseText('take it', library, 'flowing_stream');
    expect(needs_clarification).toBe(true);
    expect(actions[0]?.object).toBeUndefined();
  });

  it('"them" is whoever is here, when it is a person that is needed', () => {
    expect(parseText('talk to them', library, 'reading_chair').actions[0]?.npc_ref).toBe('librarian');
  });
});

it('somebody may be addressed in the middle of a sentence', () => {
  expect(parseText('and you, elder, what do you think?', village, 'friendly_merchant').actions).toMatchObject(
    [{ intent: 'ask', npc_ref: 'wise_elder' }],
  );
});

it('everyone is everyone who is here', () => {
  expect(parseText('greet everyone', village, null).actions.map(({ npc_ref }) => npc_ref)).toEqual([
    'wise_elder',
    'friendly_merchant',
  ]);
});

it('"go there" does not go back where one came from', () => {
  const view = { ...village, came_from: 'forest_clearing' };
  expect(parseText('go there', view, null).needs_clarification).toBe(true);
  expect(parseText('go back there', view, null).actions[0]?.place_ref).toBe('forest_clearing');
});
