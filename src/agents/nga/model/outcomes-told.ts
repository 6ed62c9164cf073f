import type { AppliedOperation, RejectedOperation } from '../../../contracts/world.ts';
import { stemOf } from '../avoidance.ts';
import { ABSENCE } from './tangible.ts';
import { wordsIn, type TurnFacts } from './turn-facts.ts';

const HINDERED =
  /\b(?:but|too|already|instead|stays|remains|belongs|refuses?|resists?|closed|shut|blocked|elsewhere|only|yet|still|before you|right here|empty|try|tries|tried|attempt|reach for|reach towards?|gives? out|only the name)\b/iu;
const DONE: Readonly<Partial<Record<RejectedOperation['op'], RegExp>>> = {
  take: /\b(?:take|took|pick|picks|lift|lifts|pocket|carry|grab|gather|stow|tuck)\b/iu,
  drop: /\b(?:drop|dropped|put down|set down|let go|lay|leave)\b/iu,
  give: /\b(?:give|gave|hand|offer|accepts|receives|takes)\b/iu,
  use: /\b(?:use|used|try)\b/iu,
  open: /\b(?:open|opens|opened|unlock|unlatch)\b/iu,
  close: /\b(?:close|closes|closed|shut)\b/iu,
};
const ARRIVED =
  /\b(?:arrive|arrived|reach the|reached|enter|entered|step (?:into|onto)|walk (?:into|to)|come to|find yourself|leave behind|stand (?:in|at|on))\b/iu;

/** Whether a sentence says that something happened which was refused, or that a walk took place that did not. */
export function contradicts(sentence: string, facts: TurnFacts): boolean {
  const { view, input } = facts;
  if (ABSENCE.test(sentence) || HINDERED.test(sentence)) return false;
  const words = new Set(wordsIn(sentence).map(stemOf));
  const rejected = input.world?.rejected ?? [];
  const applied = input.world?.applied ?? [];
  for (const refused of rejected) {
    const done = DONE[refused.op];
    const isDoneElsewhere = applied.some((other) => other.op === refused.op);
    if (done !== undefined && !isDoneElsewhere && done.test(sentence) && names(words, refused.target))
      return true;
  }
  const hasMoved = applied.some((done) => done.op === 'move_player');
  if (hasMoved || view === null || !ARRIVED.test(sentence)) return false;
  return !names(words, view.location.name) && view.location.exits.some((exit) => names(words, exit.to_name));
}

/** Changes and refusals a story keeps quiet about, in words a model can act on. */
export function untold(story: string, facts: TurnFacts): string[] {
  const { applied = [], rejected = [] } = facts.input.world ?? {};
  const words = new Set(wordsIn(story).map(stemOf));
  return [
    ...applied.flatMap((done) => {
      const name = changed(done);
      return name === undefined || facts.avoidance.mentions(name) || names(words, name)
        ? []
        : [`the story must tell that ${done.op} happened, naming "${name}"`];
    }),
    ...rejected.flatMap((refused) => {
      const isExplained = ABSENCE.test(story) || HINDERED.test(story);
      return isExplained
        ? []
        : [`the story must explain why ${refused.op} was not possible: ${refused.code}`];
    }),
  ];
}

function changed(done: AppliedOperation): string | undefined {
  return done.op === 'move_player' ? done.to_name : (done.object_name ?? done.npc_name);
}

/** By its last word, which is the noun: "the journal" names the ancient journal. */
function names(words: ReadonlySet<string>, name: string | undefined): boolean {
  const noun = wordsIn(name ?? '').at(-1);
  return noun !== undefined && words.has(stemOf(noun));
}
