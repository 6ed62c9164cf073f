import { beforeAll, describe, expect, test } from 'vitest';
import type { Clock } from '../../../../src/kernel/clock.ts';
import {
  createScreen,
  type LineToScreen,
  type Screened,
} from '../../../../src/safety/screening/screen-input.ts';
import { MemorySafety, productValidator } from '../../../support/memory-safety.ts';

const CRISIS = 'I want to kill myself';
const NOW = Date.parse('2026-11-21T12:00:00.000Z');
const clock: Clock = { now: () => NOW };

beforeAll(() => void productValidator(), 60_000);

function setUp(room = new MemorySafety()) {
  const seconds: number[] = [];
  const lines: string[] = [];
  const write = (fields: object, message: string): void =>
    void lines.push(JSON.stringify({ ...fields, message }));
  const screen = createScreen({
    judge: room.judge,
    store: room.store,
    supporter: room.supporter,
    people: room.people,
    pseudonyms: room.pseudonyms,
    recorder: room.recorder,
    clock,
    log: { warn: write, error: write },
    metrics: {
      safety_intervention_response_seconds: {
        observe: (_labels, value) => void seconds.push(value),
        remove: () => undefined,
      },
    },
    settings: { defaultLocale: 'en', readLimitMs: 30, writeLimitMs: 30 },
  });
  const say = (text: string, more: Partial<LineToScreen> = {}): Promise<Screened> =>
    screen.screen({ text, sessionId: 's1', userId: 'u1', requestId: 'r1', ...more });
  return { room, screen, say, lines, seconds };
}

function crisisOf(screened: Screened) {
  if (screened.verdict !== 'crisis' && screened.verdict !== 'held') throw new Error(screened.verdict);
  return screened;
}

describe('a line of play', () => {
  test('passes with what was found, and one look at its player', async () => {
    const { say, room, seconds } = setUp();
    expect(await say('I want to kill the dragon')).toMatchObject({
      verdict: 'pass',
      validation: { level: 'safe', crisis_detected: false, findings: [] },
    });
    expect(await say('I feel so sad and lonely today')).toMatchObject({
      verdict: 'pass',
      validation: { level: 'warning' },
    });
    expect([room.reads, room.writes, seconds]).toEqual([2, 0, []]);
    expect(room.noted.map(({ level }) => level)).toEqual(['safe', 'warning']);
  });
});

describe('a line in a crisis', () => {
  test('is written down once, answered with places to turn to, and people are told', async () => {
    const { say, screen, room, seconds } = setUp();
    const answer = crisisOf(await say(CRISIS));
    await screen.settled();
    expect(answer).toMatchObject({
      verdict: 'crisis',
      oversight: 'queued',
      validation: { level: 'blocked', crisis_detected: true, crisis_types: ['suicidal_ideation'] },
      crisis: {
        crisis_level: 'critical',
        intervention_type: 'emergency_services',
        support_resources: [{ id: 'us-988' }],
        emergency_contacts: ['911'],
      },
    });
    expect([...room.interventions.keys()]).toEqual([answer.crisis.intervention_id]);
    expect(room.told).toEqual([{ interventionId: answer.crisis.intervention_id, round: 1 }]);
    expect([room.reads, room.writes, seconds.length]).toEqual([1, 1, 1]);
  });

  test('leaves no words anywhere: not in the record, not in the answer, not in what is logged', async () => {
    const { say, screen, room, lines } = setUp();
    const answer = await say(CRISIS);
    await screen.settled();
    const everything = JSON.stringify([answer, room.crises, [...room.interventions], room.noted, lines]);
    expect(everything).not.toMatch(/kill myself/i);
    expect(JSON.stringify(answer)).not.toMatch(/matched_form/);
  });

  test('is one event when the same request comes again, and two when it is said again', async () => {
    const { say, room } = setUp();
    const first = crisisOf(await say(CRISIS));
    const again = crisisOf(await say(CRISIS));
    const other = crisisOf(await say(CRISIS, { requestId: 'r2' }));
    expect(new Set([first, again, other].map(({ crisis }) => crisis.intervention_id)).size).toBe(1);
    expect([...room.interventions.values()]).toMatchObject([{ event_count: 2 }]);
  });

  test('is another event when other words come with the same name of a request', async () => {
    const { say, room } = setUp();
    await say(CRISIS);
    await say('I am going to end my life tonight');
    expect([...room.interventions.values()]).toMatchObject([{ event_count: 2 }]);
  });

  test('says that nobody is told where no channel leads to people', async () => {
    const { say, room } = setUp();
    Object.assign(room.people, { reachesPeople: false });
    expect(crisisOf(await say(CRISIS)).oversight).toBe('none');
  });
});

describe('what came before', () => {
  test('is known to the judge when it looks again; who was never noted is judged once', async () => {
    const line = 'look around';
    const { say, room } = setUp();
    const seen: unknown[] = [];
    const { validator } = room;
    room.validator = {
      ...validator,
      validateText: (text, options) => {
        seen.push(options?.context);
        return validator.validateText(text, options);
      },
    };
    room.history.set(room.pseudonyms.userHash('u1', 's1'), {
      crisisCount: 2,
      lastCrisisAtMs: NOW - 86_400_000,
      violations: 1,
    });
    await say(line);
    expect(seen).toEqual([
      {},
      {
        previous_violations: 1,
        previous_crisis_indicators: { count: 2, last_at: '2026-11-20T12:00:00.000Z' },
      },
    ]);
  });

  test('a held session is answered with care, whatever the line is', async () => {
    const { say, room } = setUp();
    for (const requestId of ['a', 'b', 'c']) await say(CRISIS, { requestId });
    const open = [...room.interventions.keys()][0];
    expect(await say('look around')).toMatchObject({
      verdict: 'held',
      crisis: { held: true, intervention_id: open, crisis_level: 'critical' },
      validation: { level: 'safe' },
    });
    expect(room.writes).toBe(3);
    room.interventions.clear();
    expect(await say('look around')).toMatchObject({ verdict: 'held', crisis: { intervention_id: null } });
  });
});

describe('when something is broken', () => {
  test('without memory and record a crisis is answered all the same', async () => {
    const { say, screen, room, lines } = setUp();
    room.outage = new Error('Redis is away');
    const answer = crisisOf(await say(CRISIS));
    expect(answer).toMatchObject({
      verdict: 'crisis',
      oversight: 'none',
      crisis: { crisis_level: 'critical' },
    });
    expect(answer.crisis.intervention_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.crisis.support_resources).toHaveLength(1);
    await screen.settled();
    expect(lines.length).toBeGreaterThan(0);
    expect(await say('look around')).toMatchObject({ verdict: 'pass' });
  });

  test('a Redis that never answers costs a crisis no more than its limits', async () => {
    const { say, room } = setUp();
    room.outage = new Promise<never>(() => undefined);
    const startedAt = performance.now();
    crisisOf(await say(CRISIS));
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  test('a judge that throws leaves the plainest statements understood, and play goes on', async () => {
    const { say, room } = setUp();
    room.validator = {
      ...room.validator,
      validateText: () => {
        throw new Error('broken');
      },
    };
    expect(await say(CRISIS)).toMatchObject({
      verdict: 'crisis',
      validation: { monitoring_flags: expect.arrayContaining(['validation_degraded']) },
    });
    expect(await say('open the door')).toMatchObject({
      verdict: 'pass',
      validation: { level: 'warning', monitoring_flags: ['validation_degraded'] },
    });
  });

  test('a supporter that throws is replaced by words that need nothing', async () => {
    const { say, room } = setUp();
    Object.assign(room.supporter, {
      answer: () => {
        throw new Error('broken');
      },
    });
    const answer = crisisOf(await say(CRISIS));
    expect(answer.text.slice(0, 400)).toContain('findahelpline.com');
    expect(answer.crisis.support_resources[0]).toMatchObject({ url: 'https://findahelpline.com' });
  });

  test('even a room in which everything throws lets nobody in danger go unanswered', async () => {
    const room = new MemorySafety();
    const boom = (): never => {
      throw new Error('broken');
    };
    for (const part of [room.store, room.pseudonyms, room.recorder, room.supporter, room.judge]) {
      for (const name of Object.keys(part)) Object.assign(part, { [name]: boom });
    }
    const { say } = setUp(room);
    const answer = crisisOf(await say(CRISIS));
    expect(answer.text).toContain('findahelpline.com');
    expect(await say('look around')).toMatchObject({ verdict: 'pass' });
  });
});
