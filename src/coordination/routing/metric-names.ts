/** The figures of routing. */
export const ROUTING_METRICS = {
  /** By `type`: a message went where it was addressed because nobody of the type was fit. */
  noCandidate: 'agent_orchestration_routing_no_candidate_total',
  /** From being asked to the answer, previews included. */
  decisionSeconds: 'agent_orchestration_routing_decision_seconds',
} as const;
