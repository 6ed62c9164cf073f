import { NgaInput, NgaOutput, type NgaOutput as Told } from '../../contracts/narrative.ts';
import type { Provenance } from '../../contracts/provenance.ts';
import { NEUTRAL_STORY } from '../../safety/screening/last-words.ts';
import type { Agent, AgentContext } from '../agent.ts';
import { isToldLocally } from './meta.ts';
import { askNarrator, type ModelTelling } from './model/ask-narrator.ts';
import { narrate } from './narrate.ts';
import { piecesOf } from './sentences.ts';
import { StoryGuard, type StoryGuardOptions } from './story-guard.ts';
import { LET_PASS, StoryStream, type SentenceGate } from './story-stream.ts';

export interface NarratorOptions {
  /** Decides of every sentence, a model's or our own, whether it is shown and told; lets all pass by default. */
  readonly gate?: SentenceGate;
  /** Judges sentences and stories; takes the place of `gate`. */
  readonly guard?: StoryGuardOptions | null;
}

/**
 * The narrative generator: intent and world in, a short story with choices out.
 *
 * 1. The local narrator tells the turn: a grammar of parts, deterministic and without I/O.
 * 2. When models are configured, one is asked for the same turn and shown while it tells; what is not fit to be told is
 *    replaced by the local story, which says why.
 * 3. A story that may not be told is withheld and told anew a few times; then a text that speaks of nothing is told.
 * 4. What was shown piece by piece is the story of the output, byte for byte.
 *
 * Source: spec, workflows 3.3, safety 11
 */
export function createNarrator({ gate = LET_PASS, guard: judging = null }: NarratorOptions = {}): Agent<
  typeof NgaInput,
  typeof NgaOutput
> {
  return {
    name: 'nga',
    input: NgaInput,
    output: NgaOutput,
    async run(input, ctx) {
      ctx.signal.throwIfAborted();
      const guard = judging === null ? null : new StoryGuard(judging, ctx);
      const stream = new StoryStream({
        gate: guard?.gate ?? gate,
        signal: ctx.signal,
        emit: (text, options) => ctx.emit(text, options),
      });
      const local = narrate(input);
      const told = await answer();
      if (guard === null) return told;
      const validation = guard.judge(told.story);
      return {
        ...told,
        therapeutic_validation: { ...validation, ...(guard.hasBlocked ? { blocked: true } : {}) },
      };

      async function answer(): Promise<Told> {
        const care = input.intent?.short_circuit;
        if (care !== undefined) return tellOnly(care.response_text, local, ctx);
        if (input.neutral_only !== true) return tell(input, local, stream, ctx, guard);
        return { ...tellOnly(NEUTRAL_STORY, local, ctx), blocked: true };
      }
    },
  };
}

export const nga = createNarrator();

async function tell(
  input: NgaInput,
  local: Told,
  stream: StoryStream,
  ctx: AgentContext,
  guard: StoryGuard | null,
): Promise<Told> {
  if (ctx.language === null || isToldLocally(input)) return tellLocally(local, stream, ctx, guard);
  const judge = async (story: string, attempt: number): Promise<readonly string[] | null> =>
    guard === null ? null : guard.refuse(story, `story ${attempt}`);
  let blocked: readonly string[] = [];
  let telling: ModelTelling | undefined;
  for (let attempt = 0; attempt <= (guard?.maxRegenerations ?? 0); attempt++) {
    telling = await askNarrator(input, local, ctx.language, ctx, stream, judge, { attempt, blocked });
    if (telling.ok) return telling.output;
    if (telling.blocked === undefined) break;
    blocked = [...new Set([...blocked, ...telling.blocked])];
    await stream.withdraw();
  }
  const { reason, usage, blocked: refused } = telling as Extract<ModelTelling, { ok: false }>;
  const provenance: Provenance = {
    source: 'local',
    degraded: true,
    degraded_reasons: [reason],
    ...(usage === undefined ? {} : { usage }),
  };
  if (refused === undefined) return tellLocally(local, stream, ctx, guard, provenance);
  return {
    ...tellOnly(guard?.neutral(local.story) ?? NEUTRAL_STORY, local, ctx),
    ...provenance,
    blocked: true,
  };
}

/** Least that is a story. */
const LEAST_CHARS = 50;

async function tellLocally(
  local: Told,
  stream: StoryStream,
  ctx: AgentContext,
  guard: StoryGuard | null,
  provenance: Provenance = { source: 'local', degraded: false },
): Promise<Told> {
  const pieces = piecesOf(local.story);
  const kept = await stream.tellWhatPasses(pieces);
  ctx.signal.throwIfAborted();
  const isWhole = kept.length === pieces.length;
  const remaining = kept.join('');
  const refused = isWhole ? null : await guard?.refuse(local.story, 'local');
  if (!isWhole && guard !== null && (refused ?? null) === null) {
    await guard.withhold(local.story, ['sentence'], 'local');
  }
  // Sentences that may be told one by one may not be told together.
  const isFit = guard === null || (await guard.refuse(remaining, 'local rest')) === null;
  if (isFit && isWhole) return { ...local, ...provenance };
  if (isFit && remaining.length >= LEAST_CHARS) {
    return { ...local, ...provenance, story: remaining, word_count: remaining.split(/\s+/).length };
  }
  const story = guard?.neutral(local.story) ?? NEUTRAL_STORY;
  return {
    ...tellOnly(story, local, ctx, !isFit),
    ...provenance,
    ...(guard === null ? {} : { blocked: true as const }),
  };
}

/** This text and no story; what could be done stays the same. */
function tellOnly(text: string, local: Told, ctx: AgentContext, isBlocked = false): Told {
  const story = text.length >= LEAST_CHARS ? text : NEUTRAL_STORY;
  ctx.emit('', { anew: true, blocked: isBlocked });
  ctx.emit(story);
  return { ...local, story, themes: [], template_ids: [], word_count: story.split(/\s+/).length };
}
