import { describe, expect, it } from 'vitest';
import { playTranscript } from '../../../scripts/docs/transcript.ts';
import { sentencesOf } from '../../../src/agents/nga/sentences.ts';

describe('the game of the transcript', () => {
  it('has fifty turns, of which no two open alike', async () => {
    const openings = (await playTranscript()).map(({ told }) => sentencesOf(told.story)[0]);
    expect(openings).toHaveLength(50);
    expect(new Set(openings).size).toBe(50);
  });

  it('reads the same each time it is played', async () => {
    const stories = async () => (await playTranscript()).map(({ told }) => told.story);
    expect(await stories()).toEqual(await stories());
  });

  it('goes beyond the places there were, remembers feelings and follows the goals', async () => {
    const turns = await playTranscript();
    const slots = turns.flatMap(({ told }) => told.template_ids);
    expect(turns.filter(({ world }) => world.applied.some((done) => done.discovered)).length).toBeGreaterThan(
      1,
    );
    for (const slot of ['memory.', 'goal.connection', 'goal.decisions', 'outcome.mend', 'scene.reunion'])
      expect(
        slots.some((id) => id.startsWith(slot)),
        slot,
      ).toBe(true);
  });

  it('says no sentence of its own more than four times', async () => {
    const counts = new Map<string, number>();
    for (const { told, world } of await playTranscript()) {
      const given = JSON.stringify(world.world_state);
      for (const sentence of sentencesOf(told.story)) {
        if (!given.includes(sentence)) counts.set(sentence, (counts.get(sentence) ?? 0) + 1);
      }
    }
    const most = Math.max(...[...counts].map(([sentence, count]) => (sentence.endsWith('?') ? 0 : count)));
    expect(most).toBeLessThanOrEqual(4);
  });
});
