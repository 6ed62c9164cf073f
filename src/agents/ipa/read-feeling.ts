import { CONFIDENCE } from './confidence.ts';
import { readEmotion, type EmotionReading } from './emotion.ts';
import { parseComplement } from './phrases.ts';
import type { Reading } from './reading.ts';
import { entityOf } from './resolve-entities.ts';
import type { Token } from './tokens.ts';

/** A clause that tells a feeling; "about …" is its topic. A grave one is certain, so that nothing asks a model about it. */
export function feeling(tokens: readonly Token[], emotion: EmotionReading, text: string): Reading {
  const about = parseComplement(tokens).byPreposition.get('about');
  const isCertain = emotion.emotion !== undefined || emotion.isGrave;
  return {
    action: {
      intent: 'express_emotion',
      confidence: isCertain ? CONFIDENCE.emotion : CONFIDENCE.unresolvedTarget,
      text,
      ...(emotion.emotion === undefined ? {} : { emotion: emotion.emotion }),
      ...(about === undefined ? {} : { topic: about.text }),
      needs_clarification: false,
    },
    entities: [
      ...entitiesOf(emotion),
      ...(about === undefined ? [] : [entityOf('topic', about.text, about)]),
    ],
    alternatives: [],
  };
}

/** A line that speaks of a danger to the player is heard as a whole: no verb in it is played out. */
export function readDanger(tokens: readonly Token[], text: string): Reading {
  return feeling(tokens, readEmotion(tokens) ?? { emotion: undefined, span: undefined, isGrave: true }, text);
}

/** A command in which a feeling is told as well: "tell the librarian I feel lost". */
export function withEmotion(reading: Reading, emotion: EmotionReading | null): Reading {
  if (emotion?.emotion === undefined) return reading;
  return {
    ...reading,
    action: { ...reading.action, emotion: emotion.emotion },
    entities: [...reading.entities, ...entitiesOf(emotion)],
  };
}

function entitiesOf({ emotion, span }: EmotionReading): Reading['entities'] {
  return emotion === undefined || span === undefined ? [] : [entityOf('emotion', emotion, span)];
}
