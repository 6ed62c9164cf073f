import { describe, expect, it } from 'vitest';
import { avoidanceOf, stemOf } from '../../../../src/agents/nga/avoidance.ts';
import { ANY_GOAL, GOAL_KINDS, GOAL_PROGRESS } from '../../../../src/agents/nga/grammar/goals.ts';
import { TONES } from '../../../../src/contracts/narrative.ts';
import { startGame, type GameOptions } from '../play.ts';

const LINES = [
  'look',
  'go south',
  'rest',
  'examine the fountain',
  'wait',
  'go east',
  'rest',
  'go west',
  'wait',
  'go north',
];

async function storiesOf(options: GameOptions, lines: readonly string[] = LINES) {
  const game = startGame('guided', 's', options);
  const turns = [];
  for (const text of lines) turns.push((await game.play(text)).told);
  return turns;
}

describe('the player’s own context', () => {
  it('colours the reflective part with the goal, in some turns and not in all', async () => {
    const [calm] = GOAL_KINDS;
    const plain = await storiesOf({});
    const guided = await storiesOf({ therapeutic: { goals: ['manage my anxiety'], avoid: [] } });
    const isColoured = ({ story }: { story: string }) =>
      calm!.thoughts.some((thought) => story.includes(thought));
    expect(plain.some(isColoured)).toBe(false);
    const coloured = guided.filter(isColoured).length;
    expect(coloured).toBeGreaterThanOrEqual(2);
    expect(coloured).toBeLessThan(guided.length);
    for (const { story } of guided) expect(story).not.toMatch(/anxiety|goal/i);
  });

  it('offers first what serves the goal', async () => {
    const first = async (goal: string) =>
      (await storiesOf({ therapeutic: { goals: [goal], avoid: [] } }, ['go south', 'inventory']))[1]!
        .choices[0]!.intent;
    expect(await first('feel less lonely')).toBe('talk_to');
    expect(await first('find courage')).toBe('move');
    expect(['rest', 'wait', 'look', 'inventory']).toContain(await first('be calm'));
  });

  it('offers pauses and company first in a gentle session, ways on in a challenging one', async () => {
    type Difficulty = NonNullable<NonNullable<GameOptions['therapeutic']>['difficulty']>;
    const firstTwo = async (difficulty: Difficulty, lines: readonly string[]) => {
      const therapeutic = { goals: [], avoid: [], difficulty };
      return (await storiesOf({ therapeutic }, lines))
        .at(-1)!
        .choices.slice(0, 2)
        .map(({ intent }) => intent);
    };
    const [pause, company] = await firstTwo('gentle', ['go south', 'inventory']);
    expect(['rest', 'wait', 'look', 'inventory']).toContain(pause);
    expect(company).toBe('talk_to');
    expect(await firstTwo('challenging', ['go south', 'inventory'])).toEqual(['move', 'talk_to']);
    const afterFeeling = ['go south', 'I feel ashamed'];
    expect(await firstTwo('challenging', afterFeeling)).toEqual(await firstTwo('normal', afterFeeling));
  });

  it('notices when a goal has been practised', async () => {
    const progress = (turns: number) => [{ goal: 'juggle', turns }];
    const told = (turns: number) =>
      storiesOf({ therapeutic: { goals: ['juggle'], avoid: [], progress: progress(turns) } }, [
        ...LINES,
        ...LINES,
      ]);
    const has = (stories: { story: string }[], list: readonly string[]) =>
      stories.some(({ story }) => list.some((thought) => story.includes(thought)));
    expect(has(await told(0), ANY_GOAL)).toBe(true);
    expect(has(await told(0), GOAL_PROGRESS)).toBe(false);
    expect(has(await told(9), GOAL_PROGRESS)).toBe(true);
  });

  it('remembers a feeling gently: not at once, and not in every turn', async () => {
    const lines = ['I feel lonely', ...LINES];
    const remembers = ({ template_ids: ids }: { template_ids: string[] }) =>
      ids.some((id) => id.startsWith('memory.'));
    const turns = await storiesOf({ remembersFeelings: true }, lines);
    expect(remembers(turns[1]!)).toBe(false);
    const count = turns.filter(remembers).length;
    expect(count).toBeGreaterThanOrEqual(1);
    expect(count).toBeLessThanOrEqual(3);
    expect((await storiesOf({}, lines)).some(remembers)).toBe(false);
  });

  it.each([...TONES])('the tone %s, when asked for, wins over place and feeling', async (tone) => {
    const turns = await storiesOf({ style: { max_chars: 500, tone } }, [...LINES, 'I feel sad']);
    for (const told of turns) expect(told.tone).toBe(tone);
    expect(turns.some(({ template_ids: ids }) => ids.some((id) => id.startsWith(`tone.${tone}`)))).toBe(true);
  });
});

describe('a feeling', () => {
  it('is named and held first, wherever in the line it was said, and nothing is pushed forward', async () => {
    const [told] = await storiesOf({}, ['look, and I feel so lonely']);
    expect(told!.story.split(/[.!?]/)[0]).toContain('lonely');
    expect(told!.therapeutic_elements[0]).toBe('emotional_validation');
    const [alone] = await storiesOf({}, ['I feel lonely']);
    expect(['rest', 'wait', 'look', 'inventory']).toContain(alone!.choices[0]!.intent);
  });
});

describe('what is to be avoided', () => {
  it.each([
    ['spiders', 'A spider sits there.', true],
    ['walk', 'You walked, walking still.', true],
    ['dying', 'It died.', true],
    ['death', 'The funeral is over.', true],
    ['my brother', 'Your brother, you say.', true],
    ['loss', 'You lost it.', true],
    ['happiness', 'You are happy.', true],
    ['houses', 'A house stands there.', true],
    ['glass', 'Two glasses.', true],
    ['careless', 'Such carelessness.', true],
    ['war', 'The air is warm towards evening.', false],
    ['cat', 'A catalogue of catches.', false],
    ['rest', 'The forest is restored.', false],
    ['the', 'The end.', false],
    ['', 'Anything.', false],
  ])('“%s” and “%s”: %s', (entry, text, expected) => {
    expect(avoidanceOf([entry]).mentions(text)).toBe(expected);
  });

  it('a stem of a stem is itself', () => {
    for (const word of ['walking', 'happiness', 'spiders', 'glasses', 'stories', 'dying', 'quietly']) {
      expect(stemOf(stemOf(word))).toBe(stemOf(word));
    }
  });
});
