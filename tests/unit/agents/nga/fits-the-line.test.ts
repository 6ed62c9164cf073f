import { describe, expect, it } from 'vitest';
import { withA } from '../../../../src/agents/nga/words.ts';
import { startGame, type GameOptions } from '../play.ts';

/** The told turn of the last line. */
async function playTo(lines: readonly string[], session = 's', options: GameOptions = {}) {
  const game = startGame('w', session, options);
  let turn = await game.play('look');
  for (const line of lines) turn = await game.play(line);
  return turn;
}
const SESSIONS = ['s1', 's2', 's3', 's4', 's5', 's6', 's7', 's8', 's9', 's10'];

describe('what is told fits what was said', () => {
  it.each(SESSIONS)('the answers to a question back come first among the choices (%s)', async (session) => {
    const { told } = await playTo(['go south', 'hello'], session);
    expect(told.choices.slice(0, 2).map(({ text }) => text)).toEqual([
      'Talk to the wise elder',
      'Talk to the friendly merchant',
    ]);
  });

  it.each(SESSIONS)('who is here and where ways lead is answered alone (%s)', async (session) => {
    const alone = await playTo(['who is here'], session);
    expect(alone.told.story).toMatch(/nobody|no one|to yourself|empty of people|only one here/i);
    expect(alone.told.story).not.toContain('Tall trees');
    const ways = await playTo(['where can I go'], session);
    expect(ways.told.story).toContain(
      'you can go north to the mountain path and south to the village center',
    );
    expect(ways.told.story).not.toContain('Tall trees');
  });

  it.each(SESSIONS)('a place that is asked for is pointed at (%s)', async (session) => {
    const looked = await playTo(['go south', 'where is the library'], session);
    expect(looked.told.story.toLowerCase()).toMatch(/library.*east|east.*library/);
    const asked = await playTo(['go south', 'ask the elder where the library is'], session);
    expect(asked.told.story.toLowerCase()).toMatch(/library.*east|east.*library/s);
  });

  it.each(SESSIONS)('questions and things told are not put into quotation marks (%s)', async (session) => {
    const told = await playTo(['go south', "tell the elder I can't stop worrying"], session);
    expect(told.told.story.toLowerCase()).not.toContain('stop worrying');
    const asked = await playTo(['go south', 'talk to the elder', 'what do you think?'], session);
    expect(asked.told.story.toLowerCase()).not.toContain('you think');
  });

  it.each(SESSIONS)('what belongs to the other is theirs, in their mouth (%s)', async (session) => {
    const { told } = await playTo(['go south', 'ask the elder about her garden'], session);
    expect(told.story.toLowerCase()).toContain('my garden');
  });

  it.each(SESSIONS)('a gift is told by its own name, also when it does not exist (%s)', async (session) => {
    const { told } = await playTo(['go south', 'give the apple to the merchant'], session);
    expect(told.story.split('. ')[0]).toContain('apple');
  });

  it.each(SESSIONS)('people are no things to look at (%s)', async (session) => {
    const { told } = await playTo(['go south', 'look at the elder'], session);
    expect(told.story).not.toMatch(/\b(its own|look the wise elder over|Closer to)\b/);
  });

  it.each(SESSIONS)('a hug is a hug (%s)', async (session) => {
    const { told } = await playTo(['go south', 'hug the elder'], session);
    expect(told.template_ids.some((id) => id.startsWith('opening.hug'))).toBe(true);
  });

  it.each(SESSIONS)('a talk that goes on is not begun again (%s)', async (session) => {
    const { told } = await playTo(['go south', 'talk to the elder', 'talk to the elder about hope'], session);
    expect(told.template_ids.some((id) => id.startsWith('opening.talk_to_on'))).toBe(true);
    const other = await playTo(['go south', 'talk to the elder', 'talk to the merchant'], session);
    expect(other.told.template_ids.some((id) => id.startsWith('opening.talk_to_on'))).toBe(false);
  });

  it.each(SESSIONS)('what was given can be had back (%s)', async (session) => {
    const lines = [
      'go south',
      'go east',
      'take the journal',
      'give it to the librarian',
      'take the journal back',
    ];
    const { told, world } = await playTo(lines, session);
    expect(world.applied).toMatchObject([{ op: 'take', npc_id: 'librarian' }]);
    expect(world.world_state.inventory.map(({ id }) => id)).toEqual(['ancient_journal']);
    expect(told.story).toContain('librarian');
  });

  it.each(SESSIONS)('nobody and nothing is no riddle (%s)', async (session) => {
    const talk = await playTo(['talk to someone'], session);
    expect(talk.told.template_ids.some((id) => id.startsWith('closing.nobody'))).toBe(true);
    const take = await playTo(['pick up something'], session);
    expect(take.told.template_ids.some((id) => id.startsWith('closing.nothing_to_take'))).toBe(true);
  });

  it.each(SESSIONS)('what the player is spared is used without being searched for (%s)', async (session) => {
    const { told, world } = await playTo(['use the stream'], session, {
      therapeutic: { goals: [], avoid: ['water', 'stream'] },
    });
    expect(world.applied).toHaveLength(1);
    expect(told.template_ids.some((id) => id.startsWith('opening.searching'))).toBe(false);
    expect(told.story).not.toMatch(/water|stream/i);
  });

  it.each(SESSIONS)('what is looked at second is named first (%s)', async (session) => {
    const { told } = await playTo(['look around then examine the stone'], session);
    expect(told.story).toMatch(/the meditation stone[^.]*\. It is broad/);
  });

  it.each(SESSIONS)(
    'a look says what is here and where ways lead, however much there is to describe (%s)',
    async (session) => {
      const game = startGame(session, session);
      for (const line of ['go north', 'go north', 'go west', 'go north']) {
        const { world_state: view } = (await game.play(line)).world;
        const { told } = await game.play('look around');
        for (const { name } of [...view.objects, ...view.npcs]) expect(told.story).toContain(name);
        for (const { direction } of view.location.exits) expect(told.story).toContain(direction);
      }
    },
  );

  it.each(SESSIONS)('a question back is no talk that could go on (%s)', async (session) => {
    const { told } = await playTo(['go south', 'hello', 'talk to the merchant'], session);
    expect(told.template_ids.some((id) => id.startsWith('opening.talk_to_on'))).toBe(false);
  });

  it.each(SESSIONS)('what a place speaks of is not called unknown (%s)', async (session) => {
    for (const line of ['open the sky', 'take the grass', 'use the trees']) {
      const { told, world } = await playTo([line], session);
      expect(world.rejected).toHaveLength(1);
      expect(told.story).not.toMatch(/no sign|no such thing|nothing of the kind|not part of this story/);
      expect(told.template_ids.some((id) => id.startsWith('opening.searching'))).toBe(false);
    }
  });

  it('a feeling of long ago comes back now and then, and leaves most turns alone', async () => {
    const game = startGame('w', 's', { remembersFeelings: true });
    await game.play('I feel anxious');
    let told = 0;
    for (let turn = 0; turn < 40; turn++) {
      const { told: story } = await game.play(turn % 2 === 0 ? 'look at the stone' : 'rest');
      if (story.template_ids.some((id) => id.startsWith('memory.'))) told++;
    }
    expect(told).toBeGreaterThanOrEqual(1);
    expect(told).toBeLessThanOrEqual(7);
  });
});

it.each([
  ['tallest stone', 'the tallest stone'],
  ['row of beehives', 'a row of beehives'],
  ['heap of flat stones', 'a heap of flat stones'],
  ['forest hut', 'a forest hut'],
  ['wisdom books', 'some wisdom books'],
  ['home', 'home'],
])('%s is announced as %s', (name, announced) => expect(withA(name)).toBe(announced));
