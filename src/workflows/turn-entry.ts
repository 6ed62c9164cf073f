import { toIso } from '../kernel/clock.ts';
import type { RunRecord } from '../primitives/durable/run-record.ts';
import type { TurnEntry } from '../primitives/durable/settle-run.ts';
import { remember } from '../sessions/memory/remember.ts';
import type { SessionContext } from '../sessions/session-context.ts';
import { encodeTurnFields } from '../sessions/session-store.ts';
import type { RunReply } from './definition.ts';

/**
 * What a completed run leaves in its session: the turn after the last one, and the memory with it. A session has one turn
 * at a time, so nobody else changes what this was read from before it is written.
 */
export function turnEntry(
  run: Pick<RunRecord, 'run_id' | 'input'>,
  reply: RunReply,
  session: SessionContext,
  nowMs: number,
): TurnEntry {
  const turn = session.turn + 1;
  const text = textOf(run.input);
  const intent = reply.intent ?? 'unknown';
  const themes = [...(reply.themes ?? [])];
  const memory = remember(session.memory, session.therapeuticContext.goals, {
    feeling: null,
    topic: null,
    place: null,
    person: null,
    elements: [],
    ...reply.remembered,
    turn,
    text,
    intent,
    themes,
  });
  return {
    turn,
    fields: encodeTurnFields({
      turn,
      run_id: run.run_id,
      text,
      intent,
      response_text: reply.responseText,
      ...(reply.tone === undefined ? {} : { tone: reply.tone }),
      themes,
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

function textOf(input: unknown): string {
  return typeof input === 'object' && input !== null && 'text' in input ? String(input.text) : '';
}
