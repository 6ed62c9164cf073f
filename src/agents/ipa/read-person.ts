import type { Intent, IntentAlternative, IntentEntity } from '../../contracts/intent.ts';
import { CONFIDENCE } from './confidence.ts';
import { person } from './parts.ts';
import { parseComplement, phraseOf, type Complement, type Phrase } from './phrases.ts';
import {
  confidenceOf,
  isPronoun,
  isUnclear,
  readTarget,
  targetEntity,
  type Reading,
  type Sight,
  type Target,
} from './reading.ts';
import { entityOf, type Candidate } from './resolve-entities.ts';
import type { Token } from './tokens.ts';

const CLAUSE_STARTS = new Set(
  "i i'm im i've that why how if whether what where when who which we you to".split(' '),
);
/** What is wanted stands behind the verb, and who has it behind "from". */
const REQUESTS = /^(buy|borrow|request|beg|need|want|order|seek|learn|learn about|find out|find out about)$/;
/** Nobody is bought or ordered: without "from" nobody is named. */
const ONLY_THINGS = /^(buy|borrow|request|order)$/;
/** Needing and seeking are asking only when it is said of whom. */
const ONLY_FROM = /^(need|want|order|seek|learn|learn about|find out|find out about)$/;
const TOPIC_FIRST = /^((ask|inquire) (about|for)|call for|(tell|teach|explain to) me( about)?)$/;
/** What is said comes first, and to whom behind "to" or "with". */
const SAYING =
  /^(say|say something|say anything|show|explain|confess|mention|discuss|reply|whisper|shout|yell|answer|read to)$/;
const SAID =
  /^(a|an|my|some|something|everything|nothing|anything|good|hello|hi|thanks|thank|sorry|goodbye|bye|yes|no)$/;
/** "Hello, is anyone here?" */
const AFTER_GREETING =
  /^(is|are|am|can|could|do|does|did|will|would|have|has|may|i|i'm|my|it|it's|there|anyone|anybody)$/;
/** "ask her name": whom, and what. */
const ASKED_OF = /^(name|age|opinion|advice|story|price|permission|help|forgiveness|thoughts|views?)$/;

/** Verbs that need a person: "talk to the elder about my fears", "ask the guard about …", "greet them". */
export function readPerson(
  intent: Intent,
  verbPhrase: string,
  rest: readonly Token[],
  sight: Sight,
  text: string,
): Reading | null {
  const spoken = phraseOf(rest.filter((token) => token.isQuoted));
  const complement = parseComplement(rest.filter((token) => !token.isQuoted));
  const from = complement.byPreposition.get('from') ?? complement.byPreposition.get('of');
  const isRequest = (REQUESTS.test(verbPhrase) || TOPIC_FIRST.test(verbPhrase)) && from !== undefined;
  if (ONLY_FROM.test(verbPhrase) && !isRequest) return null;
  const hasTopicFirst =
    TOPIC_FIRST.test(verbPhrase) || ONLY_THINGS.test(verbPhrase) || opensWithClause(rest, verbPhrase);
  const to = complement.byPreposition.get('to') ?? complement.byPreposition.get('with');
  const isSaying = to !== undefined && (SAYING.test(verbPhrase) || SAID.test(rest[0]?.word ?? ''));
  const phrase = isRequest ? from : hasTopicFirst ? null : isSaying ? to : addressee(complement, rest);
  const { target, remainder } =
    phrase === null ? { target: null, remainder: null } : splitPerson(phrase, sight);
  const asked =
    ASKED_OF.test(complement.head?.text ?? '') && phrase !== complement.head ? complement.head : null;
  const topic =
    (isRequest ? complement.head : hasTopicFirst ? wholeTopic(rest) : isSaying ? complement.head : null) ??
    topicOf(complement, rest) ??
    wholeClause(remainder, rest) ??
    asked ??
    spoken;
  const topicPart = topic === null ? {} : { topic: topic.text };
  const topicEntity: IntentEntity[] = topic === null ? [] : [entityOf('topic', topic.text, topic)];
  if (target === null || target.words === null) {
    const people = sight.candidates.filter((candidate) => candidate.type === 'npc');
    const only = people.length === 1 ? people[0] : people.find(({ id }) => id === sight.last.person);
    return {
      action: {
        intent,
        confidence: only === undefined ? CONFIDENCE.missingTarget : CONFIDENCE.inferredTarget,
        text,
        ...(only === undefined ? {} : { npc: only.name, npc_ref: only.id }),
        ...topicPart,
        needs_clarification: only === undefined,
      },
      entities: topicEntity,
      alternatives: only === undefined ? addresses(intent, people, topic, CONFIDENCE.missingTarget) : [],
    };
  }
  return {
    action: {
      intent,
      confidence: confidenceOf(target),
      text,
      ...person(target),
      ...topicPart,
      needs_clarification: isUnclear(target),
    },
    entities: [...targetEntity(target, 'npc'), ...topicEntity],
    alternatives: addresses(intent, target.ambiguous, topic, CONFIDENCE.ambiguousTarget),
  };
}

function addressee({ head, byPreposition }: Complement, rest: readonly Token[]): Phrase | null {
  const [first] = rest;
  // The possessive is the person: "ask her name".
  if (first !== undefined && /^(his|her|their)$/.test(first.word) && ASKED_OF.test(head?.text ?? '')) {
    return phraseOf([
      { ...first, word: first.word === 'his' ? 'him' : first.word === 'their' ? 'them' : 'her' },
    ]);
  }
  // "ask the elder's opinion"
  const owner = head?.tokens[0];
  if (head !== null && owner !== undefined && owner.word.endsWith("'s") && head.tokens.length > 1) {
    return phraseOf([{ ...owner, word: owner.word.slice(0, -2) }, ...head.tokens.slice(1)]);
  }
  return head ?? byPreposition.get('to') ?? byPreposition.get('with') ?? byPreposition.get('at') ?? null;
}

/** "ask if anyone has seen it": nobody is named. */
function opensWithClause(rest: readonly Token[], verbPhrase: string): boolean {
  if (verbPhrase === 'say' && rest[0]?.word === 'that') return true;
  if (rest[0]?.breakBefore !== 'none' && AFTER_GREETING.test(rest[0]?.word ?? '')) return true;
  return /^(if|whether|what|where|how|why|when|who|which)$/.test(rest[0]?.word ?? '');
}

function wholeTopic(rest: readonly Token[]): Phrase | null {
  return phraseOf(rest.filter((token) => !token.isQuoted));
}

/** "for" opens a topic that runs to the end: "ask her for advice on grief". */
function topicOf({ byPreposition }: Complement, rest: readonly Token[]): Phrase | null {
  const about = byPreposition.get('about') ?? byPreposition.get('regarding');
  if (about !== undefined) return about;
  const at = rest.findIndex(({ word, isQuoted }) => word === 'for' && !isQuoted);
  return at === -1 ? null : phraseOf(rest.slice(at + 1).filter(({ isQuoted }) => !isQuoted));
}

/** "the elder why the stream sings": the shortest beginning that names somebody, and the rest as topic. */
function splitPerson(phrase: Phrase, sight: Sight): { target: Target; remainder: Phrase | null } {
  const whole = readTarget(phrase, sight, [['npc'], ['object', 'item']]);
  const { tokens } = phrase;
  for (let length = 1; length < tokens.length; length++) {
    const head = phraseOf(tokens.slice(0, length));
    const rest = phraseOf(tokens.slice(length));
    if (head === null || rest === null || rest.text.endsWith('ly')) continue;
    const shorter = readTarget(head, sight, [['npc']]);
    const isFit =
      (shorter.match !== undefined && shorter.match.id === (whole.match?.id ?? shorter.match.id)) ||
      isPronoun(head);
    if (isFit && !namesPart(shorter.match, tokens[length]?.word ?? ''))
      return { target: shorter, remainder: rest };
  }
  return whole.match === undefined ? cutAtClause(phrase, sight, whole) : { target: whole, remainder: null };
}

/** Nobody of that name is here: "the elder I feel lost" is still the elder and what is said. */
function cutAtClause(
  phrase: Phrase,
  sight: Sight,
  whole: Target,
): { target: Target; remainder: Phrase | null } {
  const at = phrase.tokens.findIndex(
    (token, i) => i > 0 && (CLAUSE_STARTS.has(token.word) || /^(a|an|the|my)$/.test(token.word)),
  );
  const head = at === -1 ? null : phraseOf(phrase.tokens.slice(0, at));
  if (head === null) return { target: whole, remainder: null };
  return { target: readTarget(head, sight, [['npc']]), remainder: phraseOf(phrase.tokens.slice(at)) };
}

/** What is told runs to the end of the line: "my boss shouted at me" is no topic without its end. */
function wholeClause(remainder: Phrase | null, rest: readonly Token[]): Phrase | null {
  const opening = remainder?.tokens[0];
  if (opening === undefined || !(TOLD.test(opening.word) || CLAUSE_STARTS.has(opening.word)))
    return remainder;
  return phraseOf(rest.filter(({ start, isQuoted }) => start >= opening.start && !isQuoted));
}

const TOLD = /^(i|my|our|we|boss|mother|father|mom|mum|dad|friend|husband|wife|partner)$/;

function namesPart(candidate: Candidate | undefined, word: string): boolean {
  return (
    candidate !== undefined &&
    [candidate.name, ...candidate.aliases].some((name) => name.split(' ').includes(word))
  );
}

/** One command per person who may be meant, with what was to be said to them. */
export function addresses(
  intent: Intent,
  people: readonly Candidate[],
  topic: Phrase | null,
  confidence: number,
): IntentAlternative[] {
  const spoken = intent === 'ask' ? 'ask' : 'talk_to';
  return people.slice(0, 3).map((one) => ({
    intent: spoken,
    confidence,
    text: `${spoken === 'ask' ? 'ask' : 'talk to'} the ${one.name}${topic === null ? '' : ` about ${topic.text}`}`,
    ref: one.id,
  }));
}
