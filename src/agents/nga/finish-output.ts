import type { Choice, NgaInput, NgaOutput, TherapeuticElement, Tone } from '../../contracts/narrative.ts';
import type { Provenance } from '../../contracts/provenance.ts';
import { avoidanceOf } from './avoidance.ts';
import { choiceThatWorks, worldInView } from './works-here.ts';

const WORDS_PER_SECOND = 200 / 60;
const MAX_CHOICES = 4;
const MIN_CHOICES = 2;

export interface FinishedStory {
  readonly input: NgaInput;
  readonly story: string;
  readonly tone: Tone;
  readonly themes: readonly string[];
  readonly elements: readonly TherapeuticElement[];
  /** Commands somebody thought of, best first. */
  readonly proposed: readonly string[];
  /** Choices that are known to work, for what is missing. */
  readonly spare: readonly Choice[];
  readonly provenance: Provenance;
  readonly templateIds: readonly string[];
}

/** A told story as the agent's output. Only choices that work here, and that keep clear of what is avoided, remain. */
export function finishOutput(finished: FinishedStory): NgaOutput {
  const { input, story } = finished;
  const wordCount = story.split(/\s+/).length;
  return {
    story,
    tone: finished.tone,
    themes: [...finished.themes],
    therapeutic_elements: [...new Set(finished.elements)],
    choices: workingChoices(input, finished.proposed, finished.spare),
    word_count: wordCount,
    reading_time_s: Math.max(1, Math.round(wordCount / WORDS_PER_SECOND)),
    ...finished.provenance,
    template_ids: [...finished.templateIds],
  };
}

/** The proposed commands that work; when there are fewer than two of them, others as well; at most four. */
export function workingChoices(
  input: NgaInput,
  proposed: readonly string[],
  spare: readonly Choice[],
): Choice[] {
  const view = input.world?.world_state ?? input.view;
  const world = view === null ? null : worldInView(view);
  const avoidance = avoidanceOf(input.therapeutic_context?.avoid ?? []);
  const kept: Choice[] = [];
  const add = (choice: Choice | null): void => {
    const isNew =
      choice !== null && kept.every((other) => other.text.toLowerCase() !== choice.text.toLowerCase());
    if (choice !== null && isNew && !avoidance.mentions(choice.text) && kept.length < MAX_CHOICES)
      kept.push(choice);
  };
  for (const text of proposed) add(choiceThatWorks(text.trim().replace(/\.$/, ''), view, world));
  const enough = proposed.length > 0 && kept.length >= MIN_CHOICES;
  for (const { text, intent } of spare) if (!enough) add({ text, intent });
  for (const text of ALWAYS) if (kept.length < MIN_CHOICES) add(choiceThatWorks(text, view, world));
  for (const text of ALWAYS) {
    // Somebody avoids even these words, and still needs two ways on.
    if (kept.length < MIN_CHOICES && kept.every((other) => other.text !== text)) {
      const choice = choiceThatWorks(text, view, world);
      if (choice !== null) kept.push(choice);
    }
  }
  return kept;
}

/** Understood everywhere, refused nowhere. */
const ALWAYS = ['Look around', 'Rest for a while', 'Wait a moment', 'Inventory'] as const;
