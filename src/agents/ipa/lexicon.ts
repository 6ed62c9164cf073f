import type { Intent } from '../../contracts/intent.ts';
import { startsWithPhrase, type Token } from './tokens.ts';

/** What a verb needs after it before it can be carried out. */
export type TargetKind = 'none' | 'direction' | 'thing' | 'person';

export interface Verb {
  readonly intent: Intent;
  readonly target: TargetKind;
  /** Read as this verb only when its target is something in sight: "what is …" starts many questions. */
  readonly onlyInSight?: true;
  /** A word that may stand at the end instead: "pick the journal up". */
  readonly particle?: string;
}

const PHRASES: readonly (Verb & { readonly phrases: string })[] = [
  {
    intent: 'look',
    target: 'none',
    phrases:
      "look|look around|look about|look again|l|where am i|where are we|look here|survey|gaze around|take a look|take a look around|have a look|have a look around|look everywhere|describe|explore|what do i see|what can i see|what is here|what's here|what is around me|who is here|who's here|observe",
  },
  {
    intent: 'examine',
    target: 'thing',
    phrases:
      'examine|x|inspect|study|look at|look in|look into|look inside|look on|look under|look behind|look closely at|look for|search|search for|investigate|read|check|observe|stare at|gaze at|watch|listen to|smell|take a look at|take a closer look at|have a look at|describe',
  },
  {
    intent: 'examine',
    target: 'thing',
    onlyInSight: true,
    phrases: "what is|what's|what are|who is|who's|who are|tell me about",
  },
  {
    intent: 'move',
    target: 'direction',
    phrases:
      'take me to|bring me to|lead me to|go|go to|walk|walk to|move|head|travel|run|run to|climb|enter|go through|walk through|step|step into|proceed|follow|visit|return|return to|go back|head back|turn back|walk back|wander|journey|hike|continue|leave|exit|going|heading|walking|approach|explore',
  },
  {
    intent: 'take',
    target: 'thing',
    phrases: 'take|get|grab|collect|pick|pick up|fetch|gather|acquire|pocket|carry|keep|steal',
    particle: 'up',
  },
  {
    intent: 'drop',
    target: 'thing',
    phrases:
      'drop|put down|put|put back|place|leave behind|discard|throw away|lay down|set down|let go of|release|leave',
    particle: 'down',
  },
  {
    intent: 'use',
    target: 'thing',
    phrases:
      'use|operate|activate|apply|ring|play|touch|wear|sit on|sit in|sit down on|sit down in|drink from|drink|try|try out|write in|press|pull|push|turn on|light',
  },
  { intent: 'open', target: 'thing', phrases: 'open|open up|unlock|unfold|uncover' },
  { intent: 'close', target: 'thing', phrases: 'close|shut|close up|fold' },
  { intent: 'give', target: 'thing', phrases: 'give|hand|offer|present|hand over|give back|donate|gift' },
  {
    intent: 'talk_to',
    target: 'person',
    phrases:
      'talk to|talk with|speak to|speak with|chat with|chat to|talk|speak|chat|greet|say hello to|say hi to|say goodbye to|hello|hi|hey|converse with|tell|thank|comfort|hug|listen to|smile at|apologize to|apologise to|say sorry to|call',
  },
  { intent: 'ask', target: 'person', phrases: 'ask|question|inquire of|consult|ask for|ask about' },
  {
    intent: 'attack',
    target: 'thing',
    phrases: 'attack|hit|fight|kill|strike|stab|punch|kick|slay|hurt|smash|break|destroy|shoot',
  },
  {
    intent: 'rest',
    target: 'none',
    phrases:
      'rest|sleep|nap|take a nap|sit|sit down|lie down|relax|breathe|take a breath|take a deep breath|breathe deeply|meditate|pause|calm down|take a break|take a rest|have a rest',
  },
  {
    intent: 'wait',
    target: 'none',
    phrases: 'wait|z|stay|stand still|do nothing|linger|stay here|wait here|hold on',
  },
];

/** These count only as the whole utterance: "I need help with my feelings" is no request for the manual. */
const META: Readonly<Partial<Record<Intent, string>>> = {
  inventory:
    "inventory|i|inv|check inventory|check my inventory|show inventory|show my inventory|open inventory|open my inventory|look at inventory|look in inventory|what am i carrying|what do i have|what do i carry|what have i got|what is in my bag|what's in my bag|check my bag|look in my bag|my inventory|items",
  help: 'help|h|commands|show help|show commands|help me|help please|what can i do|what can i do here|how do i play|how does this work|instructions',
  status: 'status|stats|show status|my status|check status|check my status|how am i doing|score',
  save: 'save|save game|save the game|save my game|save progress|save my progress',
  quit: 'quit|quit game|quit the game|exit game|exit the game|end game|end the game|stop playing|bye|goodbye|log out|logout',
  continue:
    'continue|go on|carry on|keep going|tell me more|what happens next|what happens now|and then|then what|story|continue the story|continue story|tell me a story|tell the story|more|next',
};

const VERBS = PHRASES.flatMap(({ phrases, ...verb }) =>
  phrases.split('|').map((phrase) => ({ ...verb, phrase, words: phrase.split(' ') })),
).sort((a, b) => b.words.length - a.words.length);

const VERBS_BY_FIRST_WORD = Map.groupBy(VERBS, (verb) => verb.words[0] ?? '');

const META_BY_TEXT = new Map<string, Intent>(
  Object.entries(META).flatMap(([intent, phrases]) =>
    // Object.entries widens the keys, which are intents by the type of META.
    phrases.split('|').map((phrase): [string, Intent] => [phrase, intent as Intent]),
  ),
);

/** All the verbs of one word, for guessing at typing errors. */
export const SINGLE_WORD_VERBS: ReadonlyMap<string, Verb> = new Map(
  VERBS.filter((verb) => verb.words.length === 1 && verb.phrase.length > 3).map((verb) => [
    verb.phrase,
    verb,
  ]),
);

/** The longest verbs that stand at `at`; two intents may share a phrase ("listen to"). */
export function verbsAt(
  tokens: readonly Token[],
  at: number,
): readonly (Verb & { length: number; phrase: string })[] {
  const candidates = VERBS_BY_FIRST_WORD.get(tokens[at]?.word ?? '') ?? [];
  const longest = candidates.find((verb) => startsWithPhrase(tokens, at, verb.words));
  if (longest === undefined) return [];
  return candidates
    .filter((verb) => verb.phrase === longest.phrase)
    .map((verb) => ({ ...verb, length: verb.words.length }));
}

/** The command that the utterance as a whole is, if it is one. */
export function metaIntent(wholeText: string): Intent | undefined {
  return META_BY_TEXT.get(wholeText);
}
