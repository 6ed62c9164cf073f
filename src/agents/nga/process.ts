import { NgaInput, NgaOutput, type NgaOutput as Told } from '../../contracts/narrative.ts';
import type { Provenance } from '../../contracts/provenance.ts';
import type { Agent, AgentContext } from '../agent.ts';
import { isToldLocally } from './meta.ts';
import { askNarrator } from './model/ask-narrator.ts';
import { narrate } from './narrate.ts';
import { piecesOf } from './sentences.ts';
import { LET_PASS, StoryStream, type SentenceGate } from './story-stream.ts';

export interface NarratorOptions {
  /** Decides of every sentence, a model's or our own, whether it is shown and told; lets all pass by default. */
  readonly gate?: SentenceGate;
}

/**
 * The narrative generator: intent and world in, a short story with choices out.
 *
 * 1. The local narrator tells the turn: a grammar of parts, deterministic and without I/O.
 * 2. When models are configured, one is asked for the same turn and shown while it tells; what is not fit to be told is
 *    replaced by the local story, which says why.
 * 3. What was shown piece by piece is the story of the output, byte for byte.
 *
 * Source: spec, workflows 3.3
 */
export function createNarrator({ gate = LET_PASS }: NarratorOptions = {}): Agent<
  typeof NgaInput,
  typeof NgaOutput
> {
  return {
    name: 'nga',
    input: NgaInput,
    output: NgaOutput,
    async run(input, ctx) {
      ctx.signal.throwIfAborted();
      const stream = new StoryStream({
        gate,
        signal: ctx.signal,
        emit: (text, options) => ctx.emit(text, options),
      });
      const local = narrate(input);
      if (ctx.language === null || isToldLocally(input)) return tellLocally(local, stream, ctx);
      const telling = await askNarrator(input, local, ctx.language, ctx, stream);
      if (telling.ok) return telling.output;
      return tellLocally(local, stream, ctx, {
        source: 'local',
        degraded: true,
        degraded_reasons: [telling.reason],
        ...(telling.usage === undefined ? {} : { usage: telling.usage }),
      });
    },
  };
}

export const nga = createNarrator();

/** What is told when the gate lets nothing else pass: it speaks of nothing. */
const ONLY_THIS = 'For a moment the story only keeps you company. What would you like to do next?';

async function tellLocally(
  local: Told,
  stream: StoryStream,
  ctx: AgentContext,
  provenance: Provenance = { source: 'local', degraded: false },
): Promise<Told> {
  const pieces = piecesOf(local.story);
  const kept = await stream.tellWhatPasses(pieces);
  ctx.signal.throwIfAborted();
  if (kept.length === pieces.length) return { ...local, ...provenance };
  const remaining = kept.join('');
  const story = remaining.length >= 50 ? remaining : ONLY_THIS;
  if (story !== remaining) {
    ctx.emit('', { anew: true });
    ctx.emit(story);
  }
  return { ...local, ...provenance, story, word_count: story.split(/\s+/).length };
}
