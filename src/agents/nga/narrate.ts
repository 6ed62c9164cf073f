import type { IntentAction } from '../../contracts/intent.ts';
import {
  DEFAULT_STORY_CHARS,
  type Choice,
  type NgaInput,
  type NgaOutput,
} from '../../contracts/narrative.ts';
import { avoidanceOf } from './avoidance.ts';
import { offersFor } from './choices.ts';
import { clean } from './clean.ts';
import { tellExtras } from './extras.ts';
import { orderFor } from './difficulty.ts';
import { finishOutput } from './finish-output.ts';
import { fitStory } from './fit.ts';
import { TOO_MANY } from './grammar/refusals.ts';
import { guidanceFor } from './guidance.ts';
import { elementsOf, toneOf } from './mood.ts';
import { createPicker } from './select.ts';
import { tellClosing } from './tell-closing.ts';
import { tellOpening } from './tell-opening.ts';
import { tellTurn } from './tell-turn.ts';
import { veiled } from './veil.ts';
import { capitalized } from './words.ts';
import { choiceThatWorks, worldInView } from './works-here.ts';

/**
 * Tell one turn: what the player did, what changed, what could not be, what it is like here, and an open end.
 * Only what the view holds is named, and nothing of what the player is to be spared; the same input always gives the
 * same story.
 *
 * Source: spec, workflows 3.3
 */
export function narrate(input: NgaInput): NgaOutput {
  const avoidance = avoidanceOf(input.therapeutic_context?.avoid ?? []);
  const told = veiled(input, avoidance);
  const view = told.world?.world_state ?? told.view;
  const views = [view, told.view].filter((candidate) => candidate !== null);
  const picker = createPicker(told, view?.seed ?? view?.world_id ?? '', avoidance);
  const actions = told.intent?.actions ?? [CONTINUE];
  // A feeling is heard before anything else.
  const main = actions.find((action) => action.intent === 'express_emotion') ?? actions[0] ?? CONTINUE;
  const guidance = guidanceFor(told, main, picker);
  const offers = offersFor(input.world?.world_state ?? input.view, {
    just: actions.at(-1),
    order: orderFor(told, guidance.order, main.intent === 'express_emotion'),
    avoidance,
    turnOf: (kind) => picker.chance(`offer.${kind}`),
  });
  const opening = tellOpening(main, views, told, picker);
  const must = tellTurn(told, actions, view, views, picker, main);
  if ((told.intent?.dropped_actions ?? 0) > 0) must.push(brief(picker.pick('refusal.too_many', TOO_MANY)));
  const closing = tellClosing(told, main, actions, offers, picker);
  const may = tellExtras(told, main, view, guidance, picker);
  const draft = clean({ opening, must, may, closing }, avoidance, picker);
  return finishOutput({
    input,
    story: fitStory(draft, input.style?.max_chars ?? DEFAULT_STORY_CHARS),
    tone: input.style?.tone ?? toneOf(main, told.world, view),
    themes: [...new Set([view?.location.theme, main.emotion].filter((theme) => theme !== undefined))],
    elements: [...elementsOf(actions, told.world), ...guidance.elements],
    proposed: [],
    spare: [...askedFor(told), ...offers],
    provenance: { source: 'local', degraded: false },
    templateIds: picker.templateIds,
  });
}

/** When the player is asked which, the answers come first. */
function askedFor({ intent, view }: NgaInput): Choice[] {
  const asks = intent?.needs_clarification === true ? intent.alternatives : [];
  const world = view === null ? null : worldInView(view);
  return asks.flatMap(({ text }) => choiceThatWorks(capitalized(text), view, world) ?? []);
}

/** A turn without player text, such as one begun by an operator, simply goes on. */
const CONTINUE: IntentAction = { intent: 'continue', confidence: 1, text: '', needs_clarification: false };

function brief(text: string): { full: string; brief: string } {
  return { full: text, brief: text };
}
