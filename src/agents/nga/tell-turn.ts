import type { IntentAction } from '../../contracts/intent.ts';
import type { NgaInput } from '../../contracts/narrative.ts';
import type { WorldView } from '../../contracts/world-view.ts';
import { nameIn, targetName, targetOf } from './fillings.ts';
import { NEXT_GLANCE } from './grammar/openings-instead.ts';
import { withThe } from './words.ts';
import { pronounOf, type Pronoun } from '../../sessions/world/pronouns.ts';
import { sentencesOf } from './sentences.ts';
import type { Picker } from './select.ts';
import { tellAction, tellSupport } from './tell-actions.ts';
import { tellReply } from './tell-talk.ts';
import { tellApplied, tellRejected, type Line } from './tell-outcomes.ts';

const WORLD_INTENTS = new Set([
  'move',
  'take',
  'drop',
  'use',
  'open',
  'close',
  'give',
  'talk_to',
  'ask',
  'attack',
]);

/**
 * Everything that must be told of a turn, in the order the player said it. An operation belongs to the action
 * that asked for it: the n-th operation to the n-th action that changes the world. Operations nobody spoke of
 * (sent by an operator, say) come last.
 *
 * @param opened  the action the story opens with: whom it is aimed at has been named
 */
export function tellTurn(
  input: NgaInput,
  actions: readonly IntentAction[],
  view: WorldView | null,
  views: readonly WorldView[],
  picker: Picker,
  opened?: IntentAction,
): Line[] {
  const told: Line[] = [];
  const indexes = [...(input.world?.applied ?? []), ...(input.world?.rejected ?? [])].map(
    (result) => result.index,
  );
  const operationCount = Math.max(-1, ...indexes) + 1;
  let next = 0;
  for (const action of actions) {
    const asksWorld = WORLD_INTENTS.has(action.intent) && !action.needs_clarification;
    if (!asksWorld) {
      const seen = tellAction(action, view, views, input.turn, picker);
      const line = actions.length > 1 && action.intent === 'look' ? passing(seen) : seen;
      if (line !== null) told.push(action === opened ? line : introduced(action, line, views, picker));
      continue;
    }
    told.push(...tellOperation(input, next++, action, view, views, picker, opened));
  }
  for (; next < operationCount; next++)
    told.push(...tellOperation(input, next, undefined, view, views, picker));
  return told;
}

function tellOperation(
  input: NgaInput,
  index: number,
  action: IntentAction | undefined,
  view: WorldView | null,
  views: readonly WorldView[],
  picker: Picker,
  opened?: IntentAction,
): Line[] {
  const done = input.world?.applied.find((candidate) => candidate.index === index);
  if (done !== undefined) {
    const pronoun = action === opened ? pronounIn(done.npc_id, views) : undefined;
    const line = tellApplied(done, views, picker, { isOnTheWay: hasMovedOn(input, done.index), pronoun });
    const isSpeech = action?.intent === 'talk_to' || action?.intent === 'ask';
    if (!isSpeech || done.npc_id === undefined || (done.delta ?? 0) < 0) return [line];
    const npc = {
      id: done.npc_id,
      name: done.npc_name ?? 'someone',
      isHurt: (done.disposition ?? 0) < (done.delta ?? 0),
    };
    return [{ full: `${line.full} ${tellReply(action, npc, views[0], picker)}`, brief: line.brief }];
  }
  const refused = input.world?.rejected.find((candidate) => candidate.index === index);
  if (refused === undefined) return [];
  const line = tellRejected(refused, view, picker, hasMovedOn(input, index));
  if (action?.emotion === undefined) return [line];
  return [{ full: `${line.full} ${tellSupport(action, picker)}`, brief: line.brief }];
}

function hasMovedOn(input: NgaInput, index: number): boolean {
  return input.world?.applied.some((other) => other.op === 'move_player' && other.index > index) ?? false;
}

function pronounIn(npcId: string | undefined, views: readonly WorldView[]): Pronoun | undefined {
  const npc = views.flatMap(({ npcs }) => npcs).find(({ id }) => id === npcId);
  return npc === undefined ? undefined : pronounOf(npc);
}

/** What is looked at second has not been named yet. */
function introduced(action: IntentAction, line: Line, views: readonly WorldView[], picker: Picker): Line {
  const { ref } = targetOf(action);
  if (action.intent !== 'examine' || nameIn(ref, views) === undefined) return line;
  const thing = withThe(targetName(action, views));
  const glance = picker.pick('link.examine', NEXT_GLANCE, { thing });
  return { full: `${glance} ${line.full}`, brief: `${glance} ${line.brief}` };
}

/** A look beside other things needs no more than the place itself when there is little room. */
function passing(line: Line | null): Line | null {
  return line === null ? null : { ...line, brief: sentencesOf(line.brief).slice(0, 2).join(' ') };
}
