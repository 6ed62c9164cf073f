import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '../../../src/agents/agent.ts';
import { createNarrator } from '../../../src/agents/nga/process.ts';
import type { AgentName } from '../../../src/contracts/agent-type.ts';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { NgaInput } from '../../../src/contracts/narrative.ts';
import type { RunToken } from '../../../src/contracts/token.ts';
import type { Language } from '../../../src/models/language.ts';
import { agentsWith, startHarness, type Harness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

async function tokensOf(h: Harness, runId: string): Promise<RunToken[]> {
  const all: RunToken[] = [];
  const options = { signal: AbortSignal.timeout(30_000) };
  for await (const token of await h.operations.runTokens(runId, options, LOCAL_OPERATOR)) all.push(token);
  return all;
}

/** What a reader has before them in the end. */
function textOf(tokens: readonly RunToken[]): string {
  return tokens.reduce((text, token) => (token.reset === true ? token.text : text + token.text), '');
}

/** The real narrator with a model that tells this, piece by piece. */
function narratorAsking(
  stories: readonly string[],
  whole: string,
  attemptsThatDie = 0,
): ReadonlyMap<AgentName, Agent> {
  let asked = 0;
  const language: Language = {
    async ask(_request, { onPartial }) {
      asked++;
      for (const story of stories) {
        onPartial?.({ story });
        await Promise.resolve();
      }
      const value = { story: whole, tone: 'hopeful', therapeutic_elements: [], choices: [] };
      return {
        ok: true,
        // The form is checked by the narrator itself.
        value: value as never,
        provider: 'main',
        model: 'm',
        usage: { input_tokens: asked, output_tokens: 1 },
      };
    },
  };
  return agentsWith({
    nga: async (input, ctx) => {
      const told = await createNarrator().run(NgaInput.parse(input), { ...ctx, language });
      if (ctx.attempt <= attemptsThatDie) throw new Error('died after telling');
      return told;
    },
  });
}

const STORY =
  'You set off south with an easy step. The village center opens around you, warm with voices. What would you like to do here?';

describe('a turn that is read while it is told', () => {
  it('shows the local story, byte for byte', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const answer = await h.play(await h.newSession(), 'go south');
    const tokens = await tokensOf(h, answer.workflow_metadata.run_id);
    expect(textOf(tokens)).toBe(answer.response_text);
    expect(tokens.map(({ seq }) => seq)).toEqual(tokens.map((_, index) => index));
    expect(tokens.at(-1)).toMatchObject({ step: 'nga', final: true });
  });

  it('shows a model’s story, and takes it back when its end is not fit to be told', async () => {
    const bad = `${STORY.slice(0, 38)}A dragon waits at the village center. What do you do?`;
    await using h = await startHarness({
      redisUrl: redis.url,
      agents: narratorAsking([STORY.slice(0, 60)], bad),
    });
    const answer = await h.play(await h.newSession(), 'go south');
    const tokens = await tokensOf(h, answer.workflow_metadata.run_id);
    expect(textOf(tokens)).toBe(answer.response_text);
    expect(answer.response_text).not.toContain('dragon');
    expect(tokens.some(({ text }) => text.includes('dragon'))).toBe(false);
  });

  it('told twice because its first attempt died: the model was asked once, and one story is left', async () => {
    await using h = await startHarness({
      redisUrl: redis.url,
      agents: narratorAsking([STORY.slice(0, 60), STORY], STORY, 1),
    });
    const answer = await h.play(await h.newSession(), 'go south');
    const tokens = await tokensOf(h, answer.workflow_metadata.run_id);
    expect(answer.response_text).toBe(STORY);
    expect(textOf(tokens)).toBe(STORY);
    expect(tokens.some(({ reset }) => reset === true)).toBe(true);
  });
});
