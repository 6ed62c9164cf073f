import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseText } from '../../../../src/agents/ipa/parse.ts';
import { avoidanceOf } from '../../../../src/agents/nga/avoidance.ts';
import { sentencesOf } from '../../../../src/agents/nga/sentences.ts';
import { planOperations } from '../../../../src/agents/wba/plan-operations.ts';
import type { World } from '../../../../src/contracts/world.ts';
import { applyOperations } from '../../../../src/sessions/world/operations.ts';
import { LANDS } from '../../../../src/sessions/world/places/lands.ts';
import { LOST_THINGS, TRAVELLERS } from '../../../../src/sessions/world/places/anywhere.ts';
import { startGame, type GameOptions, type PlayedTurn } from '../play.ts';

const LINES = [
  'n',
  's',
  'e',
  'w',
  'go back',
  'go up',
  'look',
  'rest',
  'wait',
  'continue',
  'inventory',
  'status',
  'help',
  'take everything',
  'drop everything',
  'take the journal',
  'open the journal',
  'close it',
  'use it',
  'use the bell',
  'examine the stone',
  'examine it',
  'examine the sky',
  'talk to the elder about my Brother',
  'ask the librarian about grief',
  'talk to the merchant',
  'attack the merchant',
  'give the journal to the elder',
  'I feel lonely',
  'I am so angry',
  'I feel hopeful',
  'I am not sad',
  'tell the elder I feel lost',
  'blorp!',
  'go to the library',
  'take the fountain then go east and look',
  'take',
  'talk',
  'save',
  'quit',
  'examine the elder',
  'go to the village and talk to the elder',
  'I feel sad and go north',
  'take the Unicorn',
  'ask the DRAGON about Fire',
];
const line = fc.oneof(fc.constantFrom(...LINES), fc.string({ minLength: 1, maxLength: 30 }));
const walk = fc.record({
  id: fc.string({ minLength: 1, maxLength: 6 }),
  lines: fc.array(line, { minLength: 4, maxLength: 16 }),
});

/** Plays a random game with the three real agents and hands over every turn. */
function everyTurn(
  options: GameOptions,
  expectTurn: (turn: PlayedTurn, world: World) => void,
  numRuns = 60,
): Promise<void> {
  return fc.assert(
    fc.asyncProperty(walk, async ({ id, lines }) => {
      const game = startGame(`w${id}`, 's', options);
      for (const text of lines) {
        if (text.trim() === '') continue;
        expectTurn(await game.play(text), game.world());
      }
    }),
    { numRuns },
  );
}

/** Every name the product can give to anything, with its aliases, in lower case. */
function allNames(world: World): string[] {
  const things = [
    ...Object.values(world.locations),
    ...Object.values(world.objects),
    ...Object.values(world.npcs),
    ...Object.values(LANDS).flatMap(({ kinds, keepsakes, people }) => [
      ...keepsakes,
      ...people,
      ...kinds.flatMap(({ fixtures }) => fixtures),
    ]),
    ...TRAVELLERS,
    ...LOST_THINGS,
  ];
  return [...new Set(things.map((thing) => thing.name.toLowerCase()))];
}

describe('in a random game', { timeout: 120_000 }, () => {
  it('no place, person or thing is named that is not in view or in the player’s own words', async () => {
    await everyTurn({}, ({ text, intent, told, world: built }, world) => {
      // What “it” means was in the player’s own words some lines ago.
      const known = JSON.stringify([
        built.world_state,
        built.applied,
        built.rejected,
        intent,
        text,
      ]).toLowerCase();
      const story = told.story.toLowerCase();
      for (const name of allNames(world)) if (story.includes(name)) expect(known).toContain(name);
    });
  });

  it('every change and every refusal is told, and the place is named on arrival', async () => {
    await everyTurn({}, ({ told, world: built }) => {
      const slots = new Set(told.template_ids.map((id) => id.replace(/\.\d+$/, '')));
      for (const done of built.applied) {
        const isTold = [done.to_name, done.object_name, done.npc_name].some(
          (name) => name !== undefined && told.story.toLowerCase().includes(name.toLowerCase()),
        );
        expect(isTold || done.op === 'use', `${done.op}: ${told.story}`).toBe(true);
      }
      const arrived = built.applied.findLast((done) => done.op === 'move_player');
      if (arrived !== undefined) expect(told.story).toContain(arrived.to_name);
      if (built.rejected.length > 0)
        expect([...slots].some((slot) => slot.startsWith('refusal.'))).toBe(true);
    });
  });

  it('each story has its length, whole sentences, a question at the end and good manners in print', async () => {
    await everyTurn(
      {},
      ({ text, told }) => {
        const { story } = told;
        expect(story.length).toBeGreaterThanOrEqual(50);
        expect(story.length).toBeLessThanOrEqual(500);
        expect(story.includes('\n\n')).toBe(story.length > 200);
        // A question, and after it at most the commands that would answer it.
        expect(story.slice(-200)).toContain('?');
        const ours = text.length > 2 ? story.replaceAll(text, 'Something') : story;
        for (const sentence of sentencesOf(ours)) {
          expect(sentence).toMatch(/^[“‘]?[\p{Lu}\p{N}]/u);
          expect(sentence).toMatch(/[.!?…][”’]?$/u);
        }
        expect(ours).not.toMatch(
          /undefined|\{|\}|\bthe the\b|\bthe an?\b|\ba [aeio](?!ne)| {2}|\.\.(?!\.)| ,| \./i,
        );
      },
      250,
    );
  });

  it('each choice is understood by the input processor and not refused by the world', async () => {
    await everyTurn({}, ({ told, world: built }, world) => {
      expect(told.choices.length).toBeGreaterThanOrEqual(2);
      for (const choice of told.choices) {
        const parsed = parseText(choice.text, built.world_state, null);
        expect(parsed, choice.text).toMatchObject({ intent: choice.intent, needs_clarification: false });
        expect(parsed.confidence).toBeGreaterThanOrEqual(0.7);
        expect(parsed.actions).toHaveLength(1);
        expect(applyOperations(world, planOperations(parsed), '').rejected, choice.text).toEqual([]);
      }
    });
  });

  const AVOIDED = [
    'water',
    'death',
    'the village',
    'merchants',
    'journal',
    'alone',
    'dark',
    'my brother',
    'walking',
  ];
  it.each([...AVOIDED, 'lonely', 'stone', 'you', 'animals', 'breathing', 'light'])(
    'whoever avoids “%s” does not read of it, nor is offered it',
    async (avoided) => {
      const avoidance = avoidanceOf([avoided]);
      const therapeutic = { goals: ['feel less anxious'], avoid: [avoided] };
      await everyTurn(
        { therapeutic },
        ({ told }) => {
          for (const sentence of sentencesOf(told.story))
            expect(avoidance.mentions(sentence), sentence).toBe(false);
          for (const choice of told.choices) expect(avoidance.mentions(choice.text), choice.text).toBe(false);
          expect(told.story.length).toBeGreaterThanOrEqual(50);
          expect(told.story).toContain('?');
        },
        12,
      );
    },
  );

  it('the same ids and lines give the same stories', async () => {
    await fc.assert(
      fc.asyncProperty(walk, async ({ id, lines }) => {
        const [a, b] = [startGame(id || 'w'), startGame(id || 'w')];
        for (const text of lines.filter((each) => each.trim() !== '')) {
          expect((await a.play(text)).told).toEqual((await b.play(text)).told);
        }
      }),
      { numRuns: 10 },
    );
  });
});

describe('over many turns', { timeout: 120_000 }, () => {
  it.each(['look', 'rest', 'wait', 'blorp', 'go up', 'take', 'continue', 'go north'])(
    '“%s” again and again does not begin alike within twenty turns',
    async (text) => {
      const game = startGame('repeat', text);
      const openings: string[] = [];
      for (let i = 0; i < 60; i++) openings.push(sentencesOf((await game.play(text)).told.story)[0]!);
      for (let i = 0; i + 20 <= openings.length; i++) {
        expect(new Set(openings.slice(i, i + 20)).size).toBe(20);
      }
    },
  );

  it('any fifty lines open differently within the last five turns at least', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...LINES), { minLength: 50, maxLength: 50 }),
        async (lines) => {
          const game = startGame('fifty', 's');
          const openings: string[] = [];
          for (const text of lines) {
            const [opening = ''] = sentencesOf((await game.play(text)).told.story);
            expect(openings.slice(-5)).not.toContain(opening);
            openings.push(opening);
          }
        },
      ),
      { numRuns: 15 },
    );
  });
});
