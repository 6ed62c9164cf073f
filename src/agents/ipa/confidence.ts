/**
 * How sure the local parser is, by what it found.
 *
 * Source: spec, workflows 3.1, "Confidence"
 */
export const CONFIDENCE = {
  resolvedTarget: 0.95,
  completeVerb: 0.9,
  emotion: 0.85,
  unresolvedTarget: 0.7,
  /** The target was not said, but only one thing in sight can be meant. */
  inferredTarget: 0.7,
  ambiguousTarget: 0.6,
  missingTarget: 0.5,
  unknown: 0.3,
} as const;
