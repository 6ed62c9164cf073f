import type { Finding, Stage } from '../contracts/safety.ts';
import type { PhraseScan } from './decide/scan.ts';
import type { Lexicon } from './lexicon/compile.ts';
import { WORD } from './lexicon/word-flags.ts';
import type { TextReading } from './read-text.ts';
import { SENTIMENT_RULE } from './rules/built-in.ts';
import type { Sentiment } from './sentiment.ts';

const SEVERE = -0.7;
/** One or two bad words are no mood. */
const FEWEST_WORDS = 3;

/**
 * A text whose words are heavily negative and speak of the speaker. A story full of goblins and curses is neither:
 * with a word of the game in it nothing is found.
 *
 * Source: spec, safety 4.1, sentiment layer
 */
export function sentimentFinding(
  { value, negatives }: Sentiment,
  reading: TextReading,
  scan: PhraseScan,
  lexicon: Lexicon,
  stage: Stage,
  hasFindings: boolean,
): Finding | null {
  if (value >= SEVERE || negatives < FEWEST_WORDS || stage === 'output') return null;
  if (hasFindings || (scan.count > 0 && hasIdiom(scan, lexicon))) return null;
  let isOwn = false;
  for (let i = 0; i < reading.tokens.count; i++) {
    const flags = reading.flags(i);
    if ((flags & (WORD.entity | WORD.game)) !== 0) return null;
    if ((flags & WORD.first) !== 0) isOwn = true;
  }
  if (!isOwn) return null;
  return {
    rule_id: SENTIMENT_RULE.id,
    category: SENTIMENT_RULE.category,
    level: SENTIMENT_RULE.level,
    priority: SENTIMENT_RULE.priority,
    validation_type: 'sentiment',
    confidence: Math.min(1, Math.abs(value)),
    span: [reading.startOf(0), reading.endOf(reading.tokens.count - 1)],
    message: SENTIMENT_RULE.message,
    severity: 0,
    modifiers: [],
    sentiment_score: value,
    escalation_required: false,
  };
}

function hasIdiom(scan: PhraseScan, { meanings }: Lexicon): boolean {
  return scan.someMeaning((phrase) => meanings[phrase]!.kind === 'idiom');
}
