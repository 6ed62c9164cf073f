import { describe, expect, it } from 'vitest';
import { parseText } from '../../../../src/agents/ipa/parse.ts';
import { spelledOut } from '../../../../src/agents/ipa/spelling.ts';
import { withoutTags } from '../../../../src/agents/ipa/tags.ts';
import { tokenize, wordsOf } from '../../../../src/agents/ipa/tokens.ts';
import { isTypingErrorOf } from '../../../../src/agents/ipa/typing-error.ts';
import { SCENES } from '../../../data/scenes.ts';

const spell = (text: string) => wordsOf(spelledOut(tokenize(text)));
const untagged = (text: string) => wordsOf(withoutTags(tokenize(text)));
const village = SCENES['village'] ?? null;

describe('hurried spelling', () => {
  it.each([
    ['lemme see', 'let me see'],
    ['im gonna go', "i'm going to go"],
    ['can u help', 'can you help'],
    ['take the key n leave', 'take the key and leave'],
    ['go n', 'go n'],
    ['n', 'n'],
    ['go u', 'go u'],
    ['say "wanna"', 'say wanna'],
  ])('%j is %j', (text, expected) => {
    expect(spell(text)).toBe(expected);
  });

  it('keeps the places of the words in the text', () => {
    const text = 'lemme talk to teh elder';
    const npc = parseText(text, village, null).entities.find(({ type }) => type === 'npc');
    expect(text.slice(npc?.start, npc?.end)).toBe('teh elder'.slice(4));
  });
});

describe('tags', () => {
  it.each([
    ['close the door, would you?', 'close the door'],
    ['go north lol', 'go north'],
    ['go north, ok?', 'go north'],
    ["I'm not ok", "i'm not ok"],
    ['please', 'please'],
    ['read it if you please, thank you', 'read it'],
  ])('behind a line are left out: %j', (text, expected) => {
    expect(untagged(text)).toBe(expected);
  });
});

describe('a typing error', () => {
  it.each([
    ['fountian', 'fountain', true],
    ['libary', 'library', true],
    ['forrest', 'forest', true],
    ['journsl', 'journal', true],
    ['store', 'stone', false],
    ['key', 'kee', false],
    ['ountain', 'fountain', false],
    ['elder', 'elder', false],
  ])('in %j for %j: %j', (typed, meant, expected) => {
    expect(isTypingErrorOf(typed, meant)).toBe(expected);
  });

  it('in a name still finds the thing', () => {
    expect(parseText('examine the fountian', village, null).actions).toMatchObject([
      { intent: 'examine', object: 'fountian', object_ref: 'fountain' },
    ]);
  });
});

describe('a question', () => {
  it.each([
    ['does the merchant know the way?', 'friendly_merchant'],
    ['I wonder what the elder thinks of me', 'wise_elder'],
    ['elder tell me about the forest', 'wise_elder'],
    ['hey merchant what do you sell', 'friendly_merchant'],
  ])('that names somebody here is put to them: %j', (text, ref) => {
    expect(parseText(text, village, null).actions).toMatchObject([{ intent: 'ask', npc_ref: ref }]);
  });

  it('that says "you" asks back whom when several people are here', () => {
    const { actions, alternatives } = parseText('what do you sell?', village, null);
    expect(actions).toMatchObject([{ intent: 'ask', needs_clarification: true }]);
    expect(alternatives.map(({ ref }) => ref)).toEqual(['wise_elder', 'friendly_merchant']);
  });

  it('for advice is put to nobody', () => {
    expect(parseText('should I trust the merchant?', null, null).intent).toBe('unknown');
  });
});

describe('a tool', () => {
  it('named before what it is for is the instrument', () => {
    const { actions } = parseText('use the key to open the box', SCENES['cottage'] ?? null, null);
    expect(actions).toMatchObject([
      { intent: 'open', object_ref: 'wooden_box', instrument_ref: 'brass_key', needs_clarification: false },
    ]);
  });
});
