export const CAPABILITY_METRICS = {
  /** By `algorithm`. */
  searches: 'agent_orchestration_capability_searches_total',
  cacheHits: 'agent_orchestration_capability_search_cache_hits_total',
  searchSeconds: 'agent_orchestration_capability_search_seconds',
  /** Sets in Redis that could not be read. */
  unreadable: 'agent_orchestration_capability_sets_unreadable_total',
} as const;
