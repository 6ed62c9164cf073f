import type { NgaInput, NgaOutput } from '../../../contracts/narrative.ts';
import type { DegradedReason, TokenUsage } from '../../../contracts/provenance.ts';
import type { Language, LanguageAnswer } from '../../../models/language.ts';
import type { AgentContext } from '../../agent.ts';
import { finishOutput } from '../finish-output.ts';
import { layOut, piecesOf, typeset } from '../sentences.ts';
import type { StoryStream } from '../story-stream.ts';
import { faultsOfSentence, faultsOfStory } from './check-story.ts';
import { ModelStory } from './model-story.ts';
import { contextFor, systemPrompt } from './prompt.ts';
import { factsOf, type TurnFacts } from './turn-facts.ts';

/** What is left for the local story when a model takes all its time. */
const LOCAL_RESERVE_MS = 50;
const TEMPERATURE = 0.7;
/** A token is about four characters; the form and the choices take some more. */
const CHARS_PER_TOKEN = 4;
const FORM_TOKENS = 250;

export type ModelTelling =
  | { readonly ok: true; readonly output: NgaOutput }
  | {
      readonly ok: false;
      readonly reason: DegradedReason;
      readonly usage?: TokenUsage;
      /** Why it may not be told. */
      readonly blocked?: readonly string[];
    };

/** How often the turn was told before, and why that could not be shown. */
export interface Retelling {
  readonly attempt: number;
  readonly blocked: readonly string[];
}

/** What may be told; null: it may. */
export type JudgeStory = (story: string, attempt: number) => Promise<readonly string[] | null>;
type Answer = LanguageAnswer<ModelStory> & { readonly blocked?: readonly string[] };

/**
 * A turn told by a model: asked once per step, whoever repeats it, and shown while it is told. What the model says is
 * held against the world, the player's context and the last turns; it never changes either.
 *
 * @param local  the same turn told without a model: what the model left out comes from there
 * Source: spec, workflows 3.3, "LLM mode"
 */
export async function askNarrator(
  input: NgaInput,
  local: NgaOutput,
  language: Language,
  ctx: AgentContext,
  stream: StoryStream,
  judge: JudgeStory = async () => null,
  { attempt, blocked: known }: Retelling = FIRST,
): Promise<ModelTelling> {
  const facts = factsOf(input);
  const key = attempt === 0 ? 'story' : `story~${attempt}`;
  const ask = (): Promise<LanguageAnswer<ModelStory>> =>
    language.ask(
      {
        name: 'story',
        system: [systemPrompt(facts), ...guidanceFor(known)].join('\n\n'),
        context: contextFor(facts),
        player: input.player_text,
        output: ModelStory,
        temperature: TEMPERATURE,
        maxOutputTokens: FORM_TOKENS + Math.ceil(facts.maxChars / CHARS_PER_TOKEN),
        check: ({ story }) => faultsOfStory(storyIn(story).join(''), facts),
      },
      {
        signal: ctx.signal,
        budgetMs: Math.max(1, ctx.budgetMs - LOCAL_RESERVE_MS),
        onPartial: (partial) => show(partial, facts, stream),
      },
    );
  const answer: Answer = await ctx.memo(key, async (): Promise<Answer> => {
    const asked = await ask();
    if (!asked.ok) return asked;
    const said = ModelStory.safeParse(asked.value);
    const refused = { ok: false as const, reason: 'invalid_output' as const, ...withUsage(asked.usage) };
    // What has another form, or may not be told, is not even remembered.
    if (!said.success) return refused;
    const blocked = await judge(everythingSaid(said.data), attempt);
    return blocked === null ? asked : { ...refused, blocked };
  });
  if (!answer.ok) {
    const { blocked } = answer;
    return {
      ok: false,
      reason: answer.reason,
      ...withUsage(answer.usage),
      ...(blocked === undefined ? {} : { blocked }),
    };
  }
  const { usage, provider, model } = answer;
  const refused: ModelTelling = { ok: false, reason: 'invalid_output', usage };
  const told = ModelStory.safeParse(answer.value);
  if (!told.success) return refused;
  const pieces = storyIn(told.data.story);
  if (faultsOfStory(pieces.join(''), facts).length > 0 || !(await stream.tell(pieces))) return refused;
  return {
    ok: true,
    output: finishOutput({
      input,
      story: pieces.join(''),
      tone: input.style?.tone ?? told.data.tone,
      themes: local.themes,
      elements: told.data.therapeutic_elements,
      proposed: told.data.choices,
      spare: local.choices,
      provenance: { source: 'llm', provider, model, usage, degraded: false },
      templateIds: [],
    }),
  };
}

const FIRST: Retelling = { attempt: 0, blocked: [] };

function guidanceFor(blocked: readonly string[]): string[] {
  if (blocked.length === 0) return [];
  const kinds = blocked.map((category) => category.replaceAll('_', ' ')).join(', ');
  return [
    `An earlier telling of this turn was withheld (${kinds}). Tell it anew: gentle, without harm, despair, advice on medicine, or anything near to that.`,
  ];
}

function everythingSaid({ story, choices }: ModelStory): string {
  return [story, ...choices].join('\n');
}

/** The complete sentences of a story that is still growing. */
function show(partial: unknown, facts: TurnFacts, stream: StoryStream): void {
  const story =
    typeof partial === 'object' && partial !== null && 'story' in partial ? partial.story : undefined;
  // What has grown too long will not be told.
  if (typeof story !== 'string' || story.length > facts.maxChars) return;
  const complete = layOut(piecesOf(typeset(story.trimStart())).slice(0, -1));
  stream.offer(complete, (sentence, index) => faultsOfSentence(sentence, index, facts).length === 0);
}

function storyIn(text: string): string[] {
  return layOut(piecesOf(typeset(text.trim())));
}

function withUsage(usage: TokenUsage | undefined): { usage?: TokenUsage } {
  return usage === undefined ? {} : { usage };
}
