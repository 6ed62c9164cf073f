import type { Finding, SafetyContext, Stage } from '../../contracts/safety.ts';
import type { TextReading } from '../read-text.ts';
import type { ReportRule } from './built-in.ts';
import { RulesDocument } from './document.ts';

export interface RuleInput {
  readonly stage: Stage;
  readonly context: SafetyContext;
  readonly sentiment: number;
}

/** A rules document, ready to judge texts with. */
export interface RuleSet {
  /** 12 hex digits of the document's sha256. */
  readonly version: string;
  /** `redis:<key>`, `file:<name>` or `default`. */
  readonly source: string;
  readonly document: RulesDocument;
  /** A claim is a crisis from this confidence on: 1 − crisis_detection.sensitivity. */
  readonly crisisThreshold: number;
  readonly isCrisisEnabled: boolean;
  /** Whether a result holds what may be said instead of the text. */
  readonly suggestsAlternatives: boolean;
  readonly alertsOnEscalation: boolean;
  /** What a rule says instead of a text. */
  readonly templateOf: (ruleId: string) => string | undefined;
  /** A built-in rule with what the document says about it. */
  readonly tuned: (rule: ReportRule) => ReportRule;
  /** What the document's own patterns and terms find in the text that `reading` holds. */
  readonly evaluate: (text: string, reading: TextReading, input: RuleInput) => readonly Finding[];
}

const NONE: readonly Finding[] = [];

/** Nothing but what is built in. */
export const BUILT_IN_ONLY: RuleSet = {
  version: '000000000000',
  source: 'default',
  crisisThreshold: 0.3,
  isCrisisEnabled: true,
  document: RulesDocument.parse({}),
  suggestsAlternatives: true,
  alertsOnEscalation: true,
  templateOf: () => undefined,
  tuned: (rule) => rule,
  evaluate: () => NONE,
};
