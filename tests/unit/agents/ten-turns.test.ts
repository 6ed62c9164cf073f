import { describe, expect, it } from 'vitest';
import { createStarterWorld } from '../../../src/sessions/world/starter-world.ts';
import { startGame } from './play.ts';

const SCRIPT = [
  'look',
  'go south',
  'talk to the wise elder about my fears',
  'I feel overwhelmed by all these choices',
  'go west',
  'xyzzy plugh',
  'go to the library',
  'take the journal then go west',
  'inventory',
  'give it to the merchant',
];

async function playAll(worldId = 'ten', sessionId = 's') {
  const game = startGame(worldId, sessionId);
  const turns = [];
  for (const text of SCRIPT) turns.push(await game.play(text));
  return { turns, game };
}

describe('a game of ten turns', () => {
  it('hangs together from the first look to the gift', async () => {
    const { turns, game } = await playAll();
    const [look, south, talk, feel, west, nonsense, toLibrary, takeAndGo, inventory, give] = turns.map(
      (t) => t.told.story,
    );
    expect(look).toContain('the forest clearing');
    expect(south).toContain('the village center');
    expect(talk).toMatch(/wise elder/);
    expect(talk).toMatch(/fears/i);
    expect(feel).toMatch(/^[^.]*overwhelmed/);
    expect(west).toContain('north to the forest clearing and east to the library');
    expect(nonsense).toMatch(/“go (north|east) to/);
    expect(nonsense).toMatch(/\?/);
    expect(toLibrary).toContain('the library');
    expect(takeAndGo).toContain('ancient journal');
    expect(takeAndGo).toContain('the village center');
    expect(inventory).toContain('an ancient journal');
    expect(give).toContain('friendly merchant');
    expect(game.world().npcs['friendly_merchant']?.carries).toEqual(['ancient_journal']);
  });

  it('leaves the world alone where nothing changed', async () => {
    const { turns } = await playAll();
    expect(turns.map((turn) => turn.world.version)).toEqual([0, 1, 2, 2, 2, 2, 3, 4, 4, 5]);
    expect(turns.map((turn) => turn.world.updated)).toEqual([
      false,
      true,
      true,
      false,
      false,
      false,
      true,
      true,
      false,
      true,
    ]);
  });

  it('reads the same twice with the same ids, and differently with others', async () => {
    const stories = async (id: string) => (await playAll(id)).turns.map((turn) => turn.told.story);
    expect(await stories('ten')).toEqual(await stories('ten'));
    expect(await stories('ten')).not.toEqual(await stories('eleven'));
  });

  it('never opens two of six turns alike', async () => {
    const game = startGame();
    const openings: string[] = [];
    for (let i = 0; i < 24; i++) openings.push((await game.play('look')).told.story.split(/[.,]/)[0] ?? '');
    for (let i = 0; i + 6 <= openings.length; i++) expect(new Set(openings.slice(i, i + 6)).size).toBe(6);
  });

  it('names nobody and nothing that is out of sight', async () => {
    const { turns } = await playAll();
    const world = createStarterWorld('ten', '');
    const names = [
      ...Object.values(world.objects),
      ...Object.values(world.npcs),
      ...Object.values(world.locations),
    ].map((n) => n.name);
    for (const { told, world: built, text } of turns) {
      const view = built.world_state;
      const seen = [view.location, ...view.objects, ...view.npcs, ...view.inventory].map(
        (thing) => thing.name,
      );
      const known = [
        ...seen,
        ...view.location.exits.map((exit) => exit.to_name),
        ...built.applied.map((a) => a.object_name),
      ];
      for (const name of names.filter(
        (candidate) => !known.includes(candidate) && !text.includes(candidate),
      )) {
        expect(told.story, text).not.toContain(name);
      }
    }
  });

  it('hears a feeling that is told to somebody, present or not', async () => {
    const game = startGame();
    const absent = await game.play('tell the librarian I feel lost');
    expect(absent.told.template_ids).toContainEqual(expect.stringMatching(/^support\.heavy/));
    await game.play('go south');
    expect((await game.play('tell the elder I feel lost')).told.story).toMatch(/lost/i);
  });
});
