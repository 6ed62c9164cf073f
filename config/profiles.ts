import type { Environment } from './schema.ts';

/** What an environment changes in the defaults, by path; files, variables and flags go over it. */
export const PROFILES: Readonly<Record<Environment, Readonly<Record<string, unknown>>>> = {
  development: { 'shutdown.drain_delay': 0, 'diagnostics.enabled': true },
  testing: { 'shutdown.drain_delay': 0, 'log.level': 'silent' },
  staging: {},
  production: { 'redis.require_noeviction': true, 'realtime.events.event_retention_hours': 1 },
};
