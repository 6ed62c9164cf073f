import { describe, expect, it } from 'vitest';
import type { SessionWorld, WorldQuestion } from '../../../src/contracts/world-history.ts';
import { createStarterWorld } from '../../../src/sessions/world/starter-world.ts';
import { viewOf } from '../../../src/sessions/world/view.ts';
import { ao } from './fakes.ts';

const AT = '2026-01-01T00:00:00.000Z';
const world = createStarterWorld('w', AT);
const answer: SessionWorld = {
  world_id: 'w',
  version: 2,
  current_version: 4,
  updated_at: AT,
  view: viewOf(world),
};

describe('ao world', () => {
  it('shows on one screen what the player sees', async () => {
    const asked: WorldQuestion[] = [];
    const getWorld = async (_: string, question: WorldQuestion) => {
      asked.push(question);
      return answer;
    };
    const { code, stdout } = await ao(['world', 'me', '--version', '2'], { operations: { getWorld } });
    expect(code).toBe(0);
    expect(asked).toEqual([{ full: false, version: 2 }]);
    expect(stdout).toMatch(/^forest clearing\nTall trees/);
    expect(stdout).toContain('here: meditation stone, flowing stream\n');
    expect(stdout).toContain('ways: north to the mountain path, south to the village center\n');
    expect(stdout).toContain('version 2 of 4, turn 0\n');
    const full = await ao(['world', 'me', '--full', '--json'], { operations: { getWorld } });
    expect(full.json()).toEqual(answer);
    expect(asked.at(-1)).toEqual({ full: true });
  });

  it('lists what made the versions', async () => {
    const listWorldVersions = async () => ({
      items: [
        {
          version: 4,
          at: AT,
          run_id: 'wf_1',
          step: 'wba',
          ops: [{ op: 'move_player' as const, direction: 'north' as const, to_id: 'mountain_path' }],
        },
      ],
      nextBefore: null,
    });
    const { stdout } = await ao(['world', 'me', '--history', '5'], { operations: { listWorldVersions } });
    expect(stdout).toMatch(
      /^version .*\n +4 +2026-01-01T00:00:00.000Z +wf_1 +wba +move_player north mountain_path\n$/,
    );
    const none = { listWorldVersions: async () => ({ items: [], nextBefore: null }) };
    expect((await ao(['world', 'me', '--history', '5'], { operations: none })).stdout).toBe(
      'nothing has changed this world yet\n',
    );
  });

  it('refuses a version that is none', async () => {
    expect(await ao(['world', 'me', '--version', '-1'])).toMatchObject({ code: 2, stdout: '' });
  });
});
