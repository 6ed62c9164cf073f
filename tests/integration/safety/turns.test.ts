import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AgentName } from '../../../src/contracts/agent-type.ts';
import { LOCAL_OPERATOR, type Caller } from '../../../src/contracts/caller.ts';
import { OrchestrationResponse, type SubmitTurn } from '../../../src/contracts/turn.ts';
import type { Language, LanguageAnswer } from '../../../src/models/language.ts';
import { startWorkerRole } from '../../../src/runtime/worker-role.ts';
import { everythingOf, placesOf } from '../../support/everything.ts';
import { MemorySafety } from '../../support/memory-safety.ts';
import { ALL_QUEUES, startHarness, type Harness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

const CRISIS = 'I want to kill myself';
const PLAYER: Caller = { id: 'k1', roles: new Set(['user']), user_id: 'u1' };

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

async function say(
  h: Harness,
  sessionId: string,
  text: string,
  turn: Partial<SubmitTurn> = {},
  caller = LOCAL_OPERATOR,
  requestKey = `${Math.random()}`,
) {
  const request = { text, wait_ms: 0, ...turn };
  const submitted = await h.operations.submitTurn(sessionId, request, caller, { requestKey });
  return submitted.done ? OrchestrationResponse.parse(submitted.response) : null;
}

async function jobs(h: Harness): Promise<number> {
  const counts = await Promise.all([...h.core.queues.values()].map((queue) => queue.getJobCounts()));
  return counts.flatMap((count) => Object.values(count)).reduce((sum, count) => sum + count, 0);
}

/** Where any of the words stands in Redis. */
async function placesIn(h: Harness, ...words: string[]): Promise<string[]> {
  const { redis: client, keys } = h.core.store;
  return placesOf(await everythingOf(client, keys.prefix), words);
}

describe('a player in a crisis', () => {
  test('is answered at once: no run, no job, no turn, and the same intervention when asked again', async () => {
    const safety = new MemorySafety();
    await using h = await startHarness({ redisUrl: redis.url, workers: [], safety });
    const sessionId = await h.newSession();
    const answer = await say(h, sessionId, CRISIS, {}, LOCAL_OPERATOR, 'one');
    expect(answer).toMatchObject({
      status: 'crisis_response',
      response_text: expect.stringContaining('988'),
      crisis_detected: true,
      safety_validated: true,
      human_oversight_notified: 'queued',
      crisis_response: { crisis_level: 'critical', support_resources: [{ id: 'us-988' }] },
      updated_context: { session_id: sessionId, turn: null },
      workflow_metadata: { run_id: null, workflow_name: 'safety_intervention', short_circuited: true },
      therapeutic_validation: { level: 'blocked', crisis_detected: true },
    });
    const again = await say(h, sessionId, CRISIS, {}, LOCAL_OPERATOR, 'one');
    const other = await say(h, sessionId, CRISIS, {}, LOCAL_OPERATOR, 'two');
    for (const one of [again, other]) expect(one!.crisis_response).toMatchObject(answer!.crisis_response!);
    expect([...safety.interventions.values()]).toMatchObject([{ event_count: 2, session_id: sessionId }]);
    expect(await jobs(h)).toBe(0);
    expect((await h.operations.listTurns(sessionId, { limit: 5 }, LOCAL_OPERATOR)).items).toEqual([]);
    expect((await h.operations.listRuns({ limit: 5 }, LOCAL_OPERATOR)).items).toEqual([]);
    expect(JSON.stringify(answer)).not.toMatch(/kill/);
    expect(await placesIn(h, 'kill')).toEqual([]);
    expect(h.logLines.join('')).not.toMatch(/kill/);
    expect((await h.metrics.render()).body).toMatch(/safety_intervention_response_seconds_count 3/);
    expect((await h.metrics.render()).body).not.toMatch(/kill/);
  });

  test('is answered whatever else is wrong: workflow, session, place, Redis', async () => {
    const safety = new MemorySafety();
    await using h = await startHarness({ redisUrl: redis.url, workers: [], safety });
    const sessionId = await h.newSession();
    const crisis = expect.objectContaining({ status: 'crisis_response' });
    expect(await say(h, sessionId, CRISIS, { workflow: 'no_such_workflow' })).toEqual(crisis);
    expect(await say(h, 'nobody-made-it', CRISIS)).toEqual(crisis);
    expect(await say(h, sessionId, CRISIS, {}, PLAYER)).toEqual(crisis);
    // In a session of somebody else nothing is written.
    expect(safety.crises.map(({ sessionId: id }) => id)).toEqual([
      sessionId,
      'nobody-made-it',
      expect.stringMatching(/^caller-/),
    ]);
    await expect(say(h, sessionId, 'look around', {}, PLAYER)).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('is answered with a full fleet and a busy session', async () => {
    const safety = new MemorySafety();
    const settings = { 'workflow.max_open_runs': '1', 'sessions.max_pending': '1' };
    await using h = await startHarness({ redisUrl: redis.url, workers: [], safety, settings });
    const sessionId = await h.newSession();
    await h.submit(sessionId, 'look around');
    await expect(say(h, sessionId, 'go north')).rejects.toMatchObject({ code: 'too_many_runs' });
    expect(await say(h, sessionId, CRISIS)).toMatchObject({ status: 'crisis_response' });
    expect(await say(h, sessionId, CRISIS, { on_busy: 'reject' })).toMatchObject({
      status: 'crisis_response',
    });
  });

  test('a held session plays on only when it is released', async () => {
    const safety = new MemorySafety();
    await using h = await startHarness({ redisUrl: redis.url, workers: [], safety });
    const sessionId = await h.newSession();
    safety.held.add(sessionId);
    expect(await say(h, sessionId, 'look around')).toMatchObject({
      status: 'crisis_response',
      crisis_response: { held: true },
    });
    safety.held.clear();
    expect(await say(h, sessionId, 'look around')).toBeNull();
  });

  test('is found in runs, in bulk and in schedules too', async () => {
    const safety = new MemorySafety();
    await using h = await startHarness({ redisUrl: redis.url, workers: ['flow', 'maintenance'], safety });
    const sessionId = await h.newSession();
    const run = { input: { text: CRISIS }, session_id: sessionId };
    expect(await h.operations.startRun('collaborative', run, LOCAL_OPERATOR)).toMatchObject({
      done: true,
      response: { status: 'crisis_response' },
    });
    const items = [{ input: { text: 'look around' }, session_id: sessionId }, run];
    for (const atomic of [false, true]) {
      const started = await h.operations.startRuns('collaborative', { items, atomic }, LOCAL_OPERATOR);
      expect(started).toMatchObject([
        { index: 0, runId: expect.any(String) },
        { index: 1, response: { status: 'crisis_response' } },
      ]);
    }
    const before = safety.crises.length;
    const schedule = { workflow: 'input_processing', input: { text: CRISIS }, every_ms: 1000 };
    await h.operations.putSchedule('nightly', schedule, LOCAL_OPERATOR);
    await expect.poll(() => safety.crises.length, { timeout: 15_000 }).toBeGreaterThan(before);
    await expect
      .poll(async () => (await h.operations.getSchedule('nightly')).last, { timeout: 10_000 })
      .toMatchObject({ error: { code: 'text_withheld' } });
    await h.operations.deleteSchedule('nightly', LOCAL_OPERATOR);
  });
});

describe('a turn that is played', () => {
  test('[R5.1] says what every agent found, the worst of it as its level', async () => {
    const safety = new MemorySafety();
    await using h = await startHarness({ redisUrl: redis.url, safety });
    const sessionId = await h.newSession();
    const calm = await h.play(sessionId, 'go south');
    expect(calm).toMatchObject({ safety_validated: true });
    expect(calm.therapeutic_validation).toMatchObject({
      level: 'safe',
      crisis_detected: false,
      findings: [],
    });
    expect(
      calm.therapeutic_validation.by_step!.map(({ agent, validation }) => [agent, validation?.level]),
    ).toEqual([
      ['ipa', 'safe'],
      ['wba', 'safe'],
      ['nga', 'safe'],
    ]);
    const sad = await h.play(sessionId, 'I feel so sad and lonely today');
    expect(sad.therapeutic_validation).toMatchObject({ level: 'warning', crisis_detected: false });
    expect(sad.therapeutic_validation.by_step![0]).toMatchObject({ agent: 'ingress' });
    expect(JSON.stringify(sad.therapeutic_validation)).not.toMatch(/lonely|matched_form/);
  });

  test('says nothing of safety where nobody judges, and that judging is off where it is', async () => {
    await using h = await startHarness({ redisUrl: redis.url, safety: null });
    expect((await h.play(await h.newSession(), 'look around')).therapeutic_validation).toEqual({
      level: 'not_validated',
      findings: [],
    });
    await using off = await startHarness({
      redisUrl: redis.url,
      settings: { 'safety.enabled': 'false' },
    });
    expect((await off.play(await off.newSession(), 'look around')).therapeutic_validation).toEqual({
      level: 'not_validated',
      findings: [],
      disabled: true,
    });
  });

  test('a world takes up no words that may not be told', async () => {
    const safety = new MemorySafety();
    await using h = await startHarness({ redisUrl: redis.url, safety });
    const sessionId = await h.newSession();
    const operations = [
      { op: 'add_fact' as const, text: 'You should kill yourself, nobody would miss you.' },
      { op: 'add_fact' as const, text: 'The bells ring at noon.' },
    ];
    const run = { input: { text: 'look', operations }, session_id: sessionId, wait_ms: 20_000 };
    const submitted = await h.operations.startRun('world_building', run, LOCAL_OPERATOR);
    expect(submitted).toMatchObject({
      done: true,
      response: {
        therapeutic_validation: {
          level: 'blocked',
          crisis_detected: false,
          by_step: [{ agent: 'wba', validation: { blocked: true } }],
        },
      },
    });
    expect((await h.worldOf(sessionId))!.facts).toEqual(['The bells ring at noon.']);
    expect((await h.metrics.render()).body).toMatch(/safety_output_blocked_total\{category="\w+"\} 1/);
  });
});

describe('a crisis that did not come by the door', () => {
  test('ends a run with care: the agents after it do nothing, and it is no turn', async () => {
    const safety = new MemorySafety();
    // Its door judges nothing, as that of an older process.
    await using door = await startHarness({ redisUrl: redis.url, workers: [], safety: null });
    const { config, log, metrics } = door.core;
    const role = await startWorkerRole({
      config,
      log,
      metrics,
      safety,
      redisUrl: redis.url,
      queues: ALL_QUEUES,
      instance: 'judging',
    });
    await using stopping = new AsyncDisposableStack();
    stopping.defer(() => role.stop());
    const sessionId = await door.newSession();
    const told = await door.play(sessionId, `${CRISIS}. go south`);
    expect(told).toMatchObject({
      status: 'crisis_response',
      response_text: expect.stringContaining('988'),
      crisis_response: { intervention_id: [...safety.interventions.keys()][0] },
      workflow_metadata: { workflow_name: 'collaborative', short_circuited: true },
      therapeutic_validation: { crisis_detected: true },
      next_actions: [],
    });
    expect((await door.operations.listTurns(sessionId, { limit: 5 }, LOCAL_OPERATOR)).items).toEqual([]);
    expect(await door.worldOf(sessionId)).toBeNull();
    expect([...safety.interventions.values()]).toMatchObject([
      { session_id: sessionId, events: [{ origin: 'agent' }] },
    ]);
  });

  test('is answered in a job of another service too', async () => {
    const safety = new MemorySafety();
    await using h = await startHarness({ redisUrl: redis.url, safety });
    const queue = h.core.queues.get('ipa') as Queue;
    const job = await queue.add('parse', { v: 1, input: { text: CRISIS } });
    await expect
      .poll(async () => (await queue.getJob(job.id!))?.returnvalue as unknown, { timeout: 10_000 })
      .toMatchObject({
        therapeutic_validation: { crisis_detected: true },
        short_circuit: { crisis_response: { crisis_level: 'critical' } },
      });
    expect(safety.told).toHaveLength(1);
  });
});

describe('a story that may not be told', () => {
  const BAD =
    'You stand in the clearing and you listen. You should kill yourself, nobody would miss you. What would you like to do?';
  const GOOD =
    'You look around the forest clearing, and the light lies warm on the grass. What would you like to do next?';

  /** Tells these stories one after the other, the last one for ever. */
  function narrator(...stories: string[]): {
    languages: ReadonlyMap<AgentName, Language>;
    systems: string[];
  } {
    const systems: string[] = [];
    const language: Language = {
      async ask(request, { onPartial }) {
        systems.push(request.system);
        const story = stories[Math.min(systems.length, stories.length) - 1]!;
        for (let end = 20; end < story.length; end += 20) {
          onPartial?.({ story: story.slice(0, end) });
          await Promise.resolve();
        }
        const value = {
          story,
          tone: 'peaceful',
          therapeutic_elements: [],
          choices: ['Look around', 'Go north'],
        };
        // It has the form that was asked for.
        const answer = {
          ok: true,
          value,
          provider: 'p',
          model: 'm',
          usage: { input_tokens: 1, output_tokens: 1 },
        };
        return answer as unknown as LanguageAnswer<never>;
      },
    };
    return { languages: new Map([['nga', language]]), systems };
  }

  async function tokensOf(h: Harness, runId: string) {
    const tokens = [];
    const following = { signal: AbortSignal.timeout(10_000) };
    for await (const token of await h.operations.runTokens(runId, following, LOCAL_OPERATOR))
      tokens.push(token);
    return tokens;
  }

  test('[R5.1] [R5.2] is told anew, and nobody ever reads it', async () => {
    const safety = new MemorySafety();
    const { languages, systems } = narrator(BAD, GOOD);
    await using h = await startHarness({ redisUrl: redis.url, safety, languages });
    const told = await h.play(await h.newSession(), 'look around');
    expect(told.response_text).toBe(GOOD);
    expect(told.therapeutic_validation.by_step!.at(-1)).toMatchObject({
      agent: 'nga',
      validation: { level: 'safe', blocked: true },
    });
    expect(systems).toHaveLength(2);
    expect(systems[1]).toMatch(/withheld/);
    const tokens = await tokensOf(h, told.workflow_metadata.run_id);
    expect(tokens.some(({ blocked, reset }) => blocked === true && reset === true)).toBe(true);
    expect(JSON.stringify(tokens)).not.toMatch(/kill|miss you/);
  });

  test('[R5.2] [R5.4] stands nowhere but in quarantine when it is told again and again; then people are told', async () => {
    const safety = new MemorySafety();
    const { languages, systems } = narrator(BAD);
    await using h = await startHarness({
      redisUrl: redis.url,
      safety,
      languages,
      settings: { 'safety.output.max_regenerations': '2', 'safety.output.repeat_limit': '3' },
    });
    const sessionId = await h.newSession();
    const told = await h.play(sessionId, 'look around');
    expect(told.response_text).toMatch(/quiet turn/);
    expect(systems).toHaveLength(3);
    expect(told.workflow_metadata.degraded_level).toBe(1);
    expect((await h.metrics.render()).body).toMatch(/safety_output_blocked_total\{category="\w+"\} 3/);
    const { redis: client, keys } = h.core.store;
    const quarantined = await client.keys(keys.safetyQuarantine('*'));
    expect(quarantined).toHaveLength(3);
    expect(JSON.parse((await client.get(quarantined[0]!))!)).toMatchObject({
      story: expect.stringContaining('kill yourself'),
      session_id: sessionId,
    });
    expect(await client.ttl(quarantined[0]!)).toBeGreaterThan(86_000);
    await client.del(...quarantined);
    expect(await placesIn(h, 'kill yourself', 'miss you')).toEqual([]);
    expect(h.logLines.join('')).not.toMatch(/kill yourself|miss you/);

    expect(safety.violations).toEqual([{ sessionId, count: 3 }]);
    const audited = JSON.stringify(await client.xrange(keys.safetyAudit(), '-', '+'));
    expect(audited.match(/"story\.withheld"/g)).toHaveLength(3);
    expect(audited).not.toContain(sessionId);
    const next = await h.play(sessionId, 'look around');
    expect(next.response_text).toMatch(/keeps you company/);
    expect(systems).toHaveLength(3);
  });

  test('is not told when the judge is broken, and the job does not fail', async () => {
    const safety = new MemorySafety();
    await using h = await startHarness({ redisUrl: redis.url, safety });
    const sessionId = await h.newSession();
    safety.validator = {
      ...safety.validator,
      validateText: () => {
        throw new Error('broken');
      },
    };
    const told = await h.play(sessionId, 'look around');
    expect(told.response_text).toMatch(/keeps you company/);
    expect(told.therapeutic_validation.level).toBe('blocked');
  });
});
