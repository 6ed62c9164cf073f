import { ipa } from '../../../src/agents/ipa/process.ts';
import { nga } from '../../../src/agents/nga/process.ts';
import { createWorldBuilder } from '../../../src/agents/wba/process.ts';
import type { AgentContext } from '../../../src/agents/agent.ts';
import { lastEntityOf, type IpaOutput } from '../../../src/contracts/intent.ts';
import { NgaInput, NgaOutput, type RecentTurn } from '../../../src/contracts/narrative.ts';
import { WbaInput, WbaOutput, type World } from '../../../src/contracts/world.ts';
import { createStarterWorld } from '../../../src/sessions/world/starter-world.ts';
import { viewOf } from '../../../src/sessions/world/view.ts';

const NOW = '2026-01-01T00:00:00.000Z';
const builder = createWorldBuilder({ now: () => Date.parse(NOW) });

export interface PlayedTurn {
  readonly text: string;
  readonly intent: IpaOutput;
  readonly world: WbaOutput;
  readonly told: NgaOutput;
}

export interface GameOptions {
  readonly therapeutic?: NgaInput['therapeutic_context'];
  readonly style?: NgaInput['style'];
  /** The feeling the session last heard of is handed on, as the session room does. */
  readonly remembersFeelings?: boolean;
}

/** A game in memory: the three agents in a row, every input and output passed through its schema. */
export function startGame(worldId = 'test-world', sessionId = 'test-session', options: GameOptions = {}) {
  let world: World = createStarterWorld(worldId, NOW);
  let lastEntity: string | null = null;
  const recent: RecentTurn[] = [];
  const context: AgentContext = {
    signal: new AbortController().signal,
    idempotencyKey: 'test',
    attempt: 1,
    budgetMs: 1000,
    log: { debug() {}, info() {}, warn() {} },
    worlds: {
      async transact(_worldId, apply) {
        const { next, output } = apply(world);
        if (next !== null) world = next;
        return output;
      },
    },
    language: null,
    memo: (_key, produce) => produce(),
    emit() {},
  };
  let turn = 0;
  let feeling: string | null = null;
  return {
    context,
    world: () => world,
    async play(text: string): Promise<PlayedTurn> {
      turn++;
      const before = viewOf(world);
      const intent = ipa.output.parse(
        await ipa.run(ipa.input.parse({ text, view: before, last_entity: lastEntity }), context),
      );
      lastEntity = lastEntityOf(intent) ?? lastEntity;
      const wbaInput = WbaInput.parse({ world_id: worldId, action: 'update', operations: [], intent });
      const built = WbaOutput.parse(await builder.run(wbaInput, context));
      const ngaInput = NgaInput.parse({
        player_text: text,
        intent,
        world: built,
        view: before,
        recent_turns: recent.slice(-5),
        session_id: sessionId,
        turn,
        emotional_state: feeling,
        ...(options.therapeutic === undefined ? {} : { therapeutic_context: options.therapeutic }),
        ...(options.style === undefined ? {} : { style: options.style }),
      });
      if (options.remembersFeelings === true) feeling = intent.emotion ?? feeling;
      const told = NgaOutput.parse(await nga.run(ngaInput, context));
      recent.push({
        turn,
        text,
        intent: intent.intent,
        response_text: told.story,
        template_ids: told.template_ids,
      });
      return { text, intent, world: built, told };
    },
  };
}
