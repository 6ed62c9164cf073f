import type { IntentAction } from '../../contracts/intent.ts';
import { UNEXPLORED, type ViewExit, type WorldView } from '../../contracts/world-view.ts';
import { bestMatches, nameWords } from '../../sessions/world/names.ts';
import { seededHash } from '../../sessions/world/seeded.ts';
import { LISTENING, POINTING, WONDERING } from './grammar/replies.ts';
import { GUARDED, HEARD, TEMPERS, VOICES, type Voice } from './grammar/voices.ts';
import type { Picker } from './select.ts';
import { echoed, withThe } from './words.ts';

/** Topics that are questions of their own and would not fit into one of our sentences. */
const QUESTION =
  /^(name|age|if|whether|what|what's|where|where's|how|how's|why|who|who's|when|which|can|could|would|will|do|did|does|are|is|was|were|should|have|has|really)\b/;
/** Likewise, but somebody is told something. */
const TOLD =
  /^(one|ones|some|any|more|this|these|those|him|her|them|himself|herself|themselves|i|i'm|i've|i'd|i'll|im|that|that's|to|we|we're|you|you're|he|he's|she|she's|they|they're|it|it's|there's|because|yes|no|yeah|nope|yep|maybe|perhaps|sure|okay|ok|of course|not|exactly|indeed|true|never|always|sometimes|my \S+ (is|are|was|were|has|had|does|doesn't|died|left)|this (is|was))\b/;
/** What is asked for is something to take along; whatever the person says by the way is that. */
const ANYTHING_WISE =
  /^(advice|some advice|help|wisdom|opinion|story|thoughts?|hello|hi|something|anything|life|everything)$/i;
const WAY_ASKED = /\b(where|way to|how (do|can|could) (i|we) (get|go|come)|which way|directions?)\b/;

/** What the person answers, after the change in the world has been told. */
export function tellReply(
  action: IntentAction,
  npc: Addressee,
  view: WorldView | undefined,
  picker: Picker,
): string {
  if (action.emotion !== undefined) return picker.pick('voice.heard', HEARD, { emotion: action.emotion });
  const person = withThe(npc.name);
  if (npc.isHurt) return picker.pick('voice.guarded', GUARDED, { person });
  const said = (action.topic ?? '').toLowerCase();
  const exit = view === undefined ? undefined : exitAsked(`${action.text} ${said}`.toLowerCase(), said, view);
  if (exit !== undefined) {
    return picker.pick('voice.pointing', POINTING, {
      person,
      place: withThe(exit.to_name),
      direction: exit.direction,
    });
  }
  if (QUESTION.test(said)) return picker.pick('voice.wondering', WONDERING, { person });
  const topic = topicOf(action);
  const [name, voice] = voiceOf(npc.id, view?.seed ?? '');
  if (topic !== '') return picker.pick(`voice.${name}.topic`, voice.onTopic, { topic, person });
  if (said !== '' && !ANYTHING_WISE.test(said)) return picker.pick('voice.listening', LISTENING, { person });
  return picker.pick(`voice.${name}`, voice.says, { person });
}

interface Addressee {
  readonly id: string;
  readonly name: string;
  /** Something stands between the two. */
  readonly isHurt: boolean;
}

/** People keep their way of talking for life: it depends on the world and on who they are. */
function voiceOf(npcId: string, seed: string): [name: string, voice: Voice] {
  const known = VOICES[npcId];
  if (known !== undefined) return [npcId, known];
  const temper = seededHash(seed, npcId, 'temper') % TEMPERS.length;
  return [`temper${temper}`, TEMPERS[temper] ?? TEMPERS[0]];
}

/** The way that was asked for, when it is one of those that lead on from here. */
function exitAsked(text: string, topic: string, view: WorldView): ViewExit | undefined {
  if (topic === '' || !WAY_ASKED.test(text)) return undefined;
  const exits = view.location.exits.filter((exit) => exit.to_id !== UNEXPLORED);
  const words = nameWords(topic);
  const names = exits.map((exit) => ({ exit, id: exit.to_id, name: exit.to_name, aliases: exit.aliases }));
  // "where the library is": each word may be the name.
  const matches = words.flatMap((word) => bestMatches([word], names));
  return matches[0]?.exit;
}

/**
 * What the player wants to talk about, as the other would say it, with the word before it that the parser drops: "my"
 * becomes "your", and what belongs to the other becomes "my". Empty when it would not fit into a sentence.
 */
function topicOf(action: IntentAction): string {
  const topic = echoed(action.topic, '');
  if (topic === '' || TOLD.test(topic.toLowerCase()) || ANYTHING_WISE.test(topic)) return '';
  const at = action.text.toLowerCase().lastIndexOf(topic.toLowerCase());
  const before =
    at === -1
      ? undefined
      : /\b(my|your|the|this|that|these|those|his|her|their|an?)\s+$/i
          .exec(action.text.slice(0, at))?.[1]
          ?.toLowerCase();
  const other = FROM_THE_OTHER_SIDE[topic.toLowerCase()];
  if (before === undefined) return other ?? topic;
  if (before === 'my') return `your ${topic}`;
  if (!/^(his|her|their|your)$/.test(before)) return `${before} ${topic}`;
  // "ask her about her family" is the family of the one who answers; in "ask her about his" it is not.
  const asked = /\b(him|her|them)\s+about\b/i.exec(action.text)?.[1]?.toLowerCase();
  const isTheirs = before === 'your' || asked === undefined || OWNER[before] === asked;
  return `${isTheirs ? 'my' : before} ${topic}`;
}

const OWNER: Readonly<Record<string, string>> = { his: 'him', her: 'her', their: 'them' };
const FROM_THE_OTHER_SIDE: Readonly<Record<string, string>> = {
  me: 'you',
  myself: 'you',
  you: 'me',
  yourself: 'me',
  us: 'the two of us',
};
