import { METRIC_CATALOGUE, METRIC_PREFIX } from '../observability/metric-catalogue.ts';
import { findRedisServer } from '../redis/embedded/find-server.ts';
import type { CliPorts } from './ports.ts';

/** The real product behind the commands. A command loads no more of it than it needs. */
export const productPorts: CliPorts = {
  openFleet: async (config) => (await import('../runtime/open-fleet.ts')).openFleet(config),
  openRemote: async (target) => (await import('./remote-operations.ts')).openRemote(target),
  openMessages: async (config) => (await import('../runtime/open-messages.ts')).openMessages(config),
  openMigration: async (config, from) =>
    (await import('../runtime/open-migration.ts')).openFleetMigration(config, from),
  openPlans: async (config) => (await import('../runtime/open-plans.ts')).openPlans(config),
  benchPrimitives: async (options) =>
    (await import('../runtime/primitives-bench.ts')).benchPrimitives(options),
  runRole: async (...given) => (await import('../runtime/run-role.ts')).runRole(...given),
  startDevFleet: async (...given) => (await import('../runtime/dev-fleet.ts')).startDevFleet(...given),
  startRedis: async (options) => (await import('../redis/embedded/start.ts')).startEmbeddedRedis(options),
  findRedisServer: () => findRedisServer(),
  async describeHost(directory) {
    const { describeHost, systemProbes } = await import('../resources/host.ts');
    return describeHost(systemProbes, directory);
  },
  openSafety: async (locale) => (await import('../runtime/open-safety.ts')).openSafety(locale),
  listMetrics: () =>
    METRIC_CATALOGUE.map((metric) => ({ ...metric, name: `${METRIC_PREFIX}${metric.name}` })),
};
