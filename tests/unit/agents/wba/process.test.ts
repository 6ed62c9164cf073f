import { describe, expect, it } from 'vitest';
import { parseText } from '../../../../src/agents/ipa/parse.ts';
import { planOperations } from '../../../../src/agents/wba/plan-operations.ts';
import { wba } from '../../../../src/agents/wba/process.ts';
import { WbaInput, WbaOutput } from '../../../../src/contracts/world.ts';
import { createStarterWorld } from '../../../../src/sessions/world/starter-world.ts';
import { viewOf } from '../../../../src/sessions/world/view.ts';
import { startGame } from '../play.ts';

const view = viewOf(createStarterWorld('w', '2026-01-01T00:00:00.000Z'));
const plan = (text: string) => planOperations(parseText(text, view, null));

describe('planning operations', () => {
  it('turns actions into operations in the order they were said', () => {
    expect(plan('go south then talk to the elder and take the fountain')).toEqual([
      { op: 'move_player', direction: 'south' },
      { op: 'adjust_disposition', npc: 'elder', delta: 0.05, in_person: true },
      { op: 'take', object: 'fountain' },
    ]);
  });

  it('changes nothing for looks, feelings, waiting, meta commands and unclear actions', () => {
    for (const text of [
      'look',
      'examine the stone',
      'I feel sad',
      'wait',
      'rest',
      'inventory',
      'help',
      'take',
      'blorp',
    ]) {
      expect(plan(text)).toEqual([]);
    }
  });
});

describe('the world builder', () => {
  it('fetches without changing anything, operations or not', async () => {
    const game = startGame();
    const input = { world_id: 'w', action: 'fetch', operations: [{ op: 'move_player', direction: 'north' }] };
    const output = WbaOutput.parse(await wba.run(WbaInput.parse(input), game.context));
    expect(output).toMatchObject({
      updated: false,
      version: 0,
      applied: [],
      world_state: { location: { id: 'forest_clearing' } },
    });
    expect(output.description).toContain('north to the mountain path');
  });

  it('lets explicit operations win over the intent', async () => {
    const game = startGame();
    const intent = parseText('go south', view, null);
    const input = {
      world_id: 'w',
      action: 'update',
      operations: [{ op: 'move_player', direction: 'north' }],
      intent,
    };
    const output = await wba.run(WbaInput.parse(input), game.context);
    expect(output.world_state.location.id).toBe('mountain_path');
  });

  it('is safe to have its function called again on a fresher world', async () => {
    const game = startGame();
    const racing = {
      ...game.context,
      worlds: {
        transact: <T>(id: string, apply: Parameters<typeof game.context.worlds.transact<T>>[1]) => {
          const stale = game.world();
          const before = structuredClone(stale);
          apply(stale);
          expect(stale).toEqual(before);
          return game.context.worlds.transact(id, apply);
        },
      },
    };
    const input = WbaInput.parse({
      world_id: 'w',
      action: 'update',
      operations: [{ op: 'move_player', direction: 'south' }],
    });
    expect(await wba.run(input, racing)).toMatchObject({ updated: true, version: 1 });
  });

  it('stops before it begins when it was cancelled', async () => {
    const game = startGame();
    const context = { ...game.context, signal: AbortSignal.abort(new Error('cancelled')) };
    const input = WbaInput.parse({ world_id: 'w', action: 'fetch', operations: [] });
    await expect(wba.run(input, context)).rejects.toThrow('cancelled');
  });
});
