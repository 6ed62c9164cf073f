import { describe, expect, it } from 'vitest';
import { parseText } from '../../../../src/agents/ipa/parse.ts';
import { SCENES } from '../../../data/scenes.ts';

const village = SCENES['village'] ?? null;
const intentsOf = (text: string) => parseText(text, village, null).actions.map(({ intent }) => intent);

describe("a line about the player's own life", () => {
  it.each([
    'my boss shouted at me today',
    'I had a bad day at school',
    'They laughed at me in class',
    'my best friend is moving away',
    'nobody came to my birthday party',
    'I eat lunch alone every day',
    'the kids at school call me names',
    'we lost our baby',
    'My boss keeps giving me more work and takes all the credit',
  ])('is heard as a feeling, whatever verbs are in it: %j', (text) => {
    expect(intentsOf(text)).toEqual(['express_emotion']);
  });

  it('is told to somebody when somebody is told it', () => {
    const { actions } = parseText('tell the elder my boss shouted at me today', village, null);
    expect(actions).toMatchObject([
      { intent: 'talk_to', npc_ref: 'wise_elder', topic: 'boss shouted at me' },
    ]);
  });

  it('does not swallow the command behind it', () => {
    expect(intentsOf('I had a bad day at school. go east')).toEqual(['express_emotion', 'move']);
  });

  it.each([
    'go to school',
    'give the letter to my mother',
    'I have to go to the library',
    'we should go east',
  ])('is not heard in a command: %j', (text) => {
    expect(intentsOf(text)).not.toContain('express_emotion');
  });
});

describe('a line that speaks of a danger to the player', () => {
  it.each([
    'go to the roof and jump off the roof',
    'take the knife and cut my arms',
    'look, I just want to die',
    'open the window and jump out',
    'i wanna die',
    'wanna kms',
    'I keep thinking about killing myself',
    'save the game and end it all',
    'quit, everyone would be better off without me',
    'tell the elder that I want to hurt myself',
    'take all my pills',
    'my stepfather beats me',
  ])('is one feeling and no command: %j', (text) => {
    expect(intentsOf(text)).toEqual(['express_emotion']);
  });

  it('is not read from what somebody is quoted to say', () => {
    expect(intentsOf('say "I want to die" to the elder')).toEqual(['talk_to']);
  });
});
