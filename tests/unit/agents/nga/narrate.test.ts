import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseText } from '../../../../src/agents/ipa/parse.ts';
import { narrate } from '../../../../src/agents/nga/narrate.ts';
import { EMOTIONS, INTENTS } from '../../../../src/contracts/intent.ts';
import { NgaInput, NgaOutput } from '../../../../src/contracts/narrative.ts';
import {
  REJECTION_CODES,
  VISIBLE_OPS,
  WbaOutput,
  type AppliedOperation,
} from '../../../../src/contracts/world.ts';
import { applyOperations } from '../../../../src/sessions/world/operations.ts';
import { createStarterWorld } from '../../../../src/sessions/world/starter-world.ts';
import { viewOf } from '../../../../src/sessions/world/view.ts';
import { planOperations } from '../../../../src/agents/wba/plan-operations.ts';
import { startGame } from '../play.ts';
import { threadMs } from '../../../support/thread-time.ts';

const world = createStarterWorld('w', '2026-01-01T00:00:00.000Z');
const view = viewOf(world);

function inputFor(text: string, changes: Partial<NgaInput> = {}): NgaInput {
  const intent = parseText(text, view, null);
  return NgaInput.parse({
    player_text: text,
    intent,
    world: null,
    view,
    recent_turns: [],
    turn: 3,
    ...changes,
  });
}

function outcome(changes: Partial<WbaOutput>): WbaOutput {
  const empty = { applied: [], rejected: [], updated: false, version: 0, description: 'x' };
  return WbaOutput.parse({
    world_id: 'w',
    world_state: view,
    cached: false,
    source: 'local',
    degraded: false,
    ...empty,
    ...changes,
  });
}

function expectWellFormed(told: NgaOutput, maxChars = 500) {
  NgaOutput.parse(told);
  expect(told.story.length).toBeGreaterThanOrEqual(50);
  expect(told.story.length).toBeLessThanOrEqual(maxChars);
  expect(told.story).not.toMatch(/[{}]|undefined|the the |the an? |\ba [aeio]|  /);
  expect(told.story).toMatch(/[.?!]$/);
  expect(told.story).toContain('?');
  expect(told.story.includes('\n\n')).toBe(told.story.length > 200);
}

describe('every kind of turn', () => {
  it.each([...INTENTS])('%s gets a well-formed story, with and without a view', (intent) => {
    const parsed = { ...parseText('look', view, null), intent };
    const actions = [{ ...parsed.actions[0]!, intent }];
    for (const [turn, seen] of [view, null].entries()) {
      expectWellFormed(narrate(inputFor('x', { intent: { ...parsed, actions }, view: seen, turn })));
    }
  });

  it.each([...EMOTIONS])('%s is named in the first sentence', (emotion) => {
    const told = narrate(inputFor(`I feel ${emotion === 'lost' ? 'so lost' : emotion}`));
    expect(told.story.split('\n')[0]).toContain(emotion);
    expect(told.therapeutic_elements).toContain('emotional_validation');
    expectWellFormed(told);
  });

  it.each([...REJECTION_CODES])('%s is explained', (code) => {
    const rejected = [{ index: 0, op: 'take' as const, code, message: 'm', target: 'fountain' }];
    for (let turn = 0; turn < 12; turn++) {
      const told = narrate(inputFor('take the fountain', { world: outcome({ rejected }), turn }));
      expect(told.template_ids.some((id) => id.startsWith('refusal.'))).toBe(true);
      expectWellFormed(told);
    }
  });

  it.each([...VISIBLE_OPS])('%s is told when it was applied', (op) => {
    const done: AppliedOperation = {
      index: 0,
      op,
      direction: 'north',
      to_id: 'mountain_path',
      to_name: 'mountain path',
      object_id: 'owl_feathers',
      object_name: 'owl feathers',
      npc_id: 'librarian',
      npc_name: 'librarian',
      delta: 0.05,
      mood: 'gentle',
      flag: 'x',
      text: 'It rains',
    };
    for (let turn = 0; turn < 12; turn++) {
      expectWellFormed(
        narrate(inputFor('wait', { world: outcome({ applied: [done], updated: true }), turn })),
      );
    }
  });

  it('goes on without an intent', () => {
    expectWellFormed(narrate(inputFor('', { intent: null })));
  });
});

describe('a story', () => {
  it('says which ways are open when there is none', () => {
    const rejected = [
      {
        index: 0,
        op: 'move_player' as const,
        code: 'no_exit' as const,
        message: 'm',
        target: 'west',
        direction: 'west' as const,
      },
    ];
    const told = narrate(inputFor('go west', { world: outcome({ rejected }) }));
    expect(told.story).toContain('north to the mountain path and south to the village center');
  });

  it('asks and offers three commands when it does not understand', () => {
    const told = narrate(inputFor('xyzzy plugh'));
    const commands = [...told.story.matchAll(/“([^”]+)”/g)].map((match) => match[1] ?? '');
    expect(commands).toHaveLength(3);
    for (const command of commands) expect(parseText(command, view, null).intent).not.toBe('unknown');
  });

  it('agrees in number with what it speaks of', () => {
    const rejected = [
      { index: 0, op: 'take' as const, code: 'not_portable' as const, message: 'm', target: 'wisdom books' },
    ];
    for (let turn = 0; turn < 20; turn++) {
      const told = narrate(inputFor('take it', { world: outcome({ rejected }), turn }));
      expect(told.story).not.toMatch(/books (is|belongs|stays|has)\b/);
    }
  });

  it('keeps clear of words the player’s context avoids', () => {
    for (let turn = 0; turn < 30; turn++) {
      const context = { goals: [], avoid: ['breath', 'breathe'] };
      const told = narrate(inputFor('rest', { therapeutic_context: context, turn }));
      expect(told.story).not.toMatch(/\bbreathe?\b/i);
    }
  });

  it('stays within its length and tells every action, even five at once', async () => {
    const texts = [
      'take the stone, open the stone, drop the stone, use the stone, go south',
      'n, n, n, e, w',
      'look, look, look, look, look',
    ];
    for (const text of texts) {
      for (let i = 0; i < 10; i++) expectWellFormed((await startGame(`w${i}`).play(text)).told);
    }
  });

  it('greets nobody as an old acquaintance whom the player has only just met', async () => {
    for (let number = 0; number < 20; number++) {
      const { told } = await startGame('w', `session-${number}`).play('go south and talk to the wise elder');
      expect(told.template_ids.join()).not.toMatch(/scene\.reunion/);
      expect(told.story.match(/wise elder/gi)!.length).toBeLessThanOrEqual(3);
    }
  });

  it('keeps to a small limit in whole sentences', () => {
    const plan = parseText('take stone, open stone, drop stone, use stone, go south', view, null);
    const { next, applied, rejected } = applyOperations(world, planOperations(plan), '');
    const built = outcome({ applied, rejected, world_state: viewOf(next ?? world) });
    const told = narrate(inputFor('x', { intent: plan, world: built, style: { max_chars: 200 } }));
    expectWellFormed(told, 200);
  });

  it('takes less than 10 ms on average', () => {
    const input = inputFor('look');
    const start = threadMs();
    for (let turn = 0; turn < 100; turn++) narrate({ ...input, turn });
    expect((threadMs() - start) / 100).toBeLessThan(10);
  });
});

describe('choices', () => {
  it('are understood and can be carried out, wherever the player has got to', async () => {
    const commands = [
      'n',
      's',
      'e',
      'w',
      'take everything',
      'open the journal',
      'look',
      'I feel sad',
      'talk',
      'blorp',
      'drop everything',
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...commands), { maxLength: 14 }),
        fc.string({ maxLength: 8 }),
        async (texts, id) => {
          const game = startGame(`w${id}`);
          for (const text of texts) {
            const { told, world: built } = await game.play(text);
            expectWellFormed(told);
            for (const choice of told.choices) {
              const parsed = parseText(choice.text, built.world_state, null);
              expect(parsed, choice.text).toMatchObject({
                intent: choice.intent,
                needs_clarification: false,
              });
              expect(parsed.confidence).toBeGreaterThanOrEqual(0.9);
              expect(parsed.actions).toHaveLength(1);
              expect(applyOperations(game.world(), planOperations(parsed), '').rejected, choice.text).toEqual(
                [],
              );
            }
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});
