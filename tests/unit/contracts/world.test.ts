import { describe, expect, it } from 'vitest';
import { VISIBLE_OPS, World, WorldOperation } from '../../../src/contracts/world.ts';
import { WorldView } from '../../../src/contracts/world-view.ts';
import { createStarterWorld } from '../../../src/sessions/world/starter-world.ts';
import { viewOf } from '../../../src/sessions/world/view.ts';

const starter = createStarterWorld('w', '2026-01-01T00:00:00.000Z');

describe('the world contract', () => {
  it('accepts the starter world and its view', () => {
    expect(World.parse(starter)).toEqual(starter);
    expect(WorldView.parse(viewOf(starter)).version).toBe(0);
  });

  it('refuses ids that are not lower case', () => {
    expect(World.safeParse({ ...starter, objects: { 'Bad Id': starter.objects['fountain'] } }).success).toBe(
      false,
    );
  });

  it('wants exactly one of direction and destination for a move', () => {
    expect(WorldOperation.safeParse({ op: 'move_player' }).success).toBe(false);
    expect(WorldOperation.safeParse({ op: 'move_player', direction: 'north', to: 'library' }).success).toBe(
      false,
    );
    expect(WorldOperation.safeParse({ op: 'move_player', to: 'library' }).success).toBe(true);
  });

  it('has no operation that merges arbitrary fields', () => {
    expect(WorldOperation.safeParse({ op: 'merge', value: {} }).success).toBe(false);
    expect(WorldOperation.safeParse({ op: 'take', object: 'fountain', portable: true }).success).toBe(false);
  });

  it('does not count advance_turn among what a player can see', () => {
    expect(VISIBLE_OPS).not.toContain('advance_turn');
    expect(WorldOperation.safeParse({ op: 'advance_turn' }).success).toBe(true);
  });

  it('refuses to make a place called unexplored', () => {
    const place = { op: 'add_location', name: 'x', description: '', theme: 'hope', mood: 'calm' };
    expect(WorldOperation.safeParse({ ...place, id: 'unexplored' }).success).toBe(false);
    expect(WorldOperation.safeParse({ ...place, id: 'hill' }).success).toBe(true);
  });
});
