import type { IpaInput, IpaOutput } from '../../contracts/intent.ts';
import type { AgentContext } from '../agent.ts';
import { readEmotion } from './emotion.ts';
import { modelRequest } from './model-form.ts';
import { acceptedReadings, type ModelReadingOfWords } from './model-readings.ts';
import { readText } from './parse.ts';
import { lastOf, type Reading, type Sight } from './reading.ts';
import { candidatesOf } from './resolve-entities.ts';
import { tokenize, type Token } from './tokens.ts';
import { MAX_ACTIONS, understandingOf } from './understanding.ts';

/** What the rules are this sure of needs no second reader. */
export const SURE = 0.8;

/**
 * What a line means, by rules, and by a model where the rules are in doubt.
 *
 * 1. The rules read the line. A line that they are sure of, that speaks of a danger to the player, or that could mean
 *    one of several things in sight (the player is asked) goes to no model.
 * 2. A model reads the line with the rules' reading and what is in sight.
 * 3. Each doubtful action is replaced by the model's readings of the same words, if those are surer; certain ones
 *    stay. So a model can add nothing to what the player said.
 *
 * No answer leaves the rules' reading, marked degraded with the reason.
 * Source: spec, workflows 3.1, "LLM mode"
 */
export async function understand(
  input: IpaInput,
  ctx: Pick<AgentContext, 'language' | 'memo' | 'signal' | 'budgetMs'>,
): Promise<IpaOutput> {
  const { text } = input;
  const view = input.view ?? null;
  const candidates = candidatesOf(view);
  const sight: Sight = { view, candidates, last: lastOf(input.last_entity ?? null, candidates) };
  const readings = readText(text, view, input.last_entity ?? null);
  const local: IpaOutput = { ...understandingOf(text, readings), source: 'local', degraded: false };
  const { language } = ctx;
  if (language === null || !needsSecondReader(readings, text)) return local;

  const { signal, budgetMs } = ctx;
  const request = modelRequest(text, sight, local);
  const answer = await ctx.memo('reading', () => language.ask(request, { signal, budgetMs }));
  if (!answer.ok) {
    const { reason, usage } = answer;
    return { ...local, ...(usage && { usage }), degraded: true, degraded_reasons: [reason] };
  }
  const { value, provider, model, usage } = answer;
  const tokens = tokenize(text);
  const merged = replaceDoubtful(
    readings,
    acceptedReadings(value.actions, tokens, sight, text),
    tokens,
    text,
  );
  if (merged === null) return { ...local, usage };
  return { ...understandingOf(text, merged), source: 'llm', provider, model, usage, degraded: false };
}

function needsSecondReader(readings: readonly Reading[], text: string): boolean {
  if (readEmotion(tokenize(text))?.isGrave === true) return false;
  return readings.length <= MAX_ACTIONS && readings.some((reading) => isDoubtful(reading));
}

/** A question to the player is no doubt: only the player can answer it. */
function isDoubtful({ action, alternatives }: Reading): boolean {
  const isAsked = action.needs_clarification && action.intent !== 'unknown' && alternatives.length > 0;
  return action.confidence < SURE && !isAsked;
}

/** The readings with the surer ones of the model in place; null when none of them is. */
function replaceDoubtful(
  local: readonly Reading[],
  model: readonly ModelReadingOfWords[],
  tokens: readonly Token[],
  text: string,
): readonly Reading[] | null {
  // "take the rope and the axe" is two actions whose words overlap; each of the model's counts once.
  const used = new Set<ModelReadingOfWords>();
  let from = 0;
  const merged = local.flatMap((reading): readonly Reading[] => {
    from = Math.max(from, text.indexOf(reading.action.text, from));
    const start = from;
    const end = start + reading.action.text.length;
    if (!isDoubtful(reading)) return [reading];
    const inside = model.filter(
      (one) =>
        !used.has(one) &&
        (tokens[one.run.from]?.start ?? 0) >= start &&
        (tokens[one.run.to - 1]?.end ?? 0) <= end,
    );
    const confidence = Math.min(...inside.map(({ action }) => action.confidence));
    if (inside.length === 0 || confidence <= reading.action.confidence) return [reading];
    for (const one of inside) used.add(one);
    return inside.map(({ action, entities, alternatives }) => ({ action, entities, alternatives }));
  });
  return used.size > 0 ? merged : null;
}
