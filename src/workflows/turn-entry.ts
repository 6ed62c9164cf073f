import type { StoredMemory } from '../contracts/memory.ts';
import { toIso } from '../kernel/clock.ts';
import type { RunRecord } from '../primitives/durable/run-record.ts';
import type { TurnEntry } from '../primitives/durable/settle-run.ts';
import { remember } from '../sessions/memory/remember.ts';
import type { SessionContext } from '../sessions/session-context.ts';
import { encodeTurnFields } from '../sessions/session-store.ts';
import type { RunReply } from './definition.ts';

type Told = Pick<RunRecord, 'run_id' | 'input'>;

/** What the session remembers once its turn has ended. */
export function memoryAfter(run: Told, reply: RunReply, session: SessionContext): StoredMemory {
  return remember(session.memory, session.therapeuticContext.goals, {
    feeling: null,
    topic: null,
    place: null,
    person: null,
    elements: [],
    ...reply.remembered,
    turn: session.turn + 1,
    text: textOf(run.input),
    intent: intentOf(reply),
    themes: [...(reply.themes ?? [])],
  });
}

/**
 * What a completed run leaves in its session: the turn after the last one, and the memory with it. A session has one turn
 * at a time, so nobody else changes what this was read from before it is written.
 */
export function turnEntry(
  run: Told,
  reply: RunReply,
  session: SessionContext,
  memory: StoredMemory,
  nowMs: number,
): TurnEntry {
  const turn = session.turn + 1;
  return {
    turn,
    fields: encodeTurnFields({
      turn,
      run_id: run.run_id,
      text: textOf(run.input),
      intent: intentOf(reply),
      response_text: reply.responseText,
      ...(reply.tone === undefined ? {} : { tone: reply.tone }),
      themes: [...(reply.themes ?? [])],
      template_ids: [...(reply.templateIds ?? [])],
      at: toIso(nowMs),
    }),
    sessionFields: {
      memory: JSON.stringify(memory),
      ...(reply.emotionalState == null ? {} : { emotional_state: reply.emotionalState }),
      ...(reply.lastEntity == null ? {} : { last_entity: reply.lastEntity }),
    },
  };
}

function intentOf(reply: RunReply): string {
  return reply.intent ?? 'unknown';
}

function textOf(input: unknown): string {
  return typeof input === 'object' && input !== null && 'text' in input ? String(input.text) : '';
}
