import { describe, expect, it } from 'vitest';
import type { SessionView, TurnRecord } from '../../../src/contracts/session.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { ao } from './fakes.ts';

const AT = '2026-01-01T00:00:00.000Z';
const SESSION: SessionView = {
  session_id: 'me',
  user_id: 'ada',
  world_id: 'w_me',
  created_at: AT,
  last_activity_at: AT,
  turn: 2,
  ttl_seconds: 60,
  active_run_id: null,
  pending_turns: 0,
  emotional_state: 'hopeful',
  therapeutic_context: {
    goals: ['rest'],
    avoid: ['war'],
    progress: [{ goal: 'rest', turns: 1, last_turn: 2 }],
  },
  difficulty: 'normal',
  flags: {},
  metadata: {},
  memory: {
    summary: 'Turn 1: look.',
    trend: 'improving',
    feelings: [],
    people: [{ id: 'elder', name: 'elder\u001b[31m', turns: 1, last_turn: 1 }],
    places: [],
    themes: [],
    threads: [{ kind: 'topic', about: 'home', turn: 1 }],
  },
};
const TURN: TurnRecord = {
  turn: 2,
  run_id: 'wf_1',
  text: 'look',
  intent: 'look',
  response_text: 'You look around.',
  themes: [],
  template_ids: [],
  at: AT,
};

describe('ao sessions', () => {
  it('shows a session with what it remembers', async () => {
    const operations = { getSession: async () => SESSION };
    const { code, stdout } = await ao(['sessions', 'show', 'me'], { operations });
    expect(code).toBe(0);
    expect(stdout).toMatch(/session\s+me\nplayer\s+ada\n/);
    expect(stdout).toMatch(
      /feeling\s+hopeful \(improving\)\ngoal\s+rest \(touched in 1 turns\)\navoid\s+war\n/,
    );
    expect(stdout).toMatch(/threads\s+home/);
    expect(stdout).not.toContain('\u001b');
    expect((await ao(['sessions', 'show', 'me', '--json'], { operations })).json()).toEqual(SESSION);
  });

  it('lists turns', async () => {
    const asked: unknown[] = [];
    const listTurns = async (id: string, page: object) => {
      asked.push([id, page]);
      return { items: asked.length === 1 ? [TURN] : [], nextBefore: null };
    };
    const first = await ao(['sessions', 'turns', 'me', '--limit', '3'], { operations: { listTurns } });
    expect(first.stdout).toBe(`2. ${AT}  > look\n   You look around.\n`);
    expect((await ao(['sessions', 'turns', 'me'], { operations: { listTurns } })).stdout).toBe(
      'no turns yet\n',
    );
    expect(asked).toEqual([
      ['me', { limit: 3 }],
      ['me', { limit: 10 }],
    ]);
    expect(await ao(['sessions', 'turns', 'me', '--limit', '0'], {})).toMatchObject({ code: 2 });
  });

  it('exports one JSON document', async () => {
    const document = {
      format: 'ao-session-1' as const,
      exported_at: AT,
      session: SESSION,
      turns: [TURN],
      world: null,
      runs: [],
    };
    const operations = { exportSession: async () => document };
    expect(JSON.parse((await ao(['sessions', 'export', 'me'], { operations })).stdout)).toEqual(document);
    expect((await ao(['sessions', 'export', 'me', '--json'], { operations })).json()).toEqual(document);
  });

  it('deletes only when it was told so, and says whether anything is left', async () => {
    const deleted: string[] = [];
    const deleteSession = async (id: string) => {
      deleted.push(id);
      return { session_id: id, status: deleted.length === 1 ? ('deleted' as const) : ('deleting' as const) };
    };
    const operations = { deleteSession };
    expect(await ao(['sessions', 'delete', 'me'], { operations })).toMatchObject({ code: 2, stdout: '' });
    expect(deleted).toEqual([]);
    const done = await ao(['sessions', 'delete', 'me', '--yes'], { operations });
    expect([done.code, done.stdout]).toEqual([0, 'deleted: nothing of it is left\n']);
    expect((await ao(['sessions', 'delete', 'me', '--yes'], { operations })).stdout).toMatch(/still at work/);
  });

  it('ends with 3 for an unknown session', async () => {
    const unknown = new FleetError({
      code: 'session_not_found',
      kind: 'not_found',
      message: 'there is none',
    });
    const operations = { getSession: () => Promise.reject(unknown) };
    expect(await ao(['sessions', 'show', 'me'], { operations })).toMatchObject({ code: 3, stdout: '' });
  });
});
