import type { IntentAction } from '../../contracts/intent.ts';
import { seededHash } from '../../sessions/world/seeded.ts';
import { GUARDED, HEARD, TEMPERS, VOICES, type Voice } from './grammar/voices.ts';
import type { Picker } from './select.ts';
import { echoed, withThe } from './words.ts';

/** Topics that are sentences of their own and would not fit into one of ours. */
const WHOLE_CLAUSE = /^(i|i'm|i've|im|that|if|to|we|you|he|she|they|it)\b/;

/** What the person answers, after the change in the world has been told. */
export function tellReply(action: IntentAction, npc: Addressee, seed: string, picker: Picker): string {
  if (action.emotion !== undefined) return picker.pick('voice.heard', HEARD, { emotion: action.emotion });
  const person = withThe(npc.name);
  if (npc.isHurt) return picker.pick('voice.guarded', GUARDED, { person });
  const [name, voice] = voiceOf(npc.id, seed);
  const topic = topicOf(action);
  return topic !== '' && !WHOLE_CLAUSE.test(topic)
    ? picker.pick(`voice.${name}.topic`, voice.onTopic, { topic, person })
    : picker.pick(`voice.${name}`, voice.says, { person });
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

/** What the player wants to talk about, with the word before it that the parser drops; "my" becomes "your". */
function topicOf(action: IntentAction): string {
  const topic = echoed(action.topic, '');
  if (topic === '') return '';
  const at = action.text.toLowerCase().lastIndexOf(topic.toLowerCase());
  const before =
    at === -1
      ? undefined
      : /(my|the|this|that|these|those|his|her|their)\s+$/i.exec(action.text.slice(0, at))?.[1];
  if (before === undefined) return topic;
  return `${before.toLowerCase() === 'my' ? 'your' : before.toLowerCase()} ${topic}`;
}
