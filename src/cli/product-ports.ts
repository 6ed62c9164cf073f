import { METRIC_CATALOGUE, METRIC_PREFIX } from '../observability/metric-catalogue.ts';
import { findRedisServer } from '../redis/embedded/find-server.ts';
import { startEmbeddedRedis } from '../redis/embedded/start.ts';
import { describeHost, systemProbes } from '../resources/host.ts';
import { startDevFleet } from '../runtime/dev-fleet.ts';
import { openFleet } from '../runtime/open-fleet.ts';
import { openMessages } from '../runtime/open-messages.ts';
import { openFleetMigration } from '../runtime/open-migration.ts';
import { openPlans } from '../runtime/open-plans.ts';
import { benchPrimitives } from '../runtime/primitives-bench.ts';
import { openSafety } from '../runtime/open-safety.ts';
import { runRole } from '../runtime/run-role.ts';
import type { CliPorts } from './ports.ts';
import { openRemote } from './remote-operations.ts';

/** The real product behind the commands. */
export const productPorts: CliPorts = {
  openFleet,
  openRemote,
  openMessages,
  openMigration: openFleetMigration,
  openPlans,
  benchPrimitives,
  runRole,
  startDevFleet,
  startRedis: startEmbeddedRedis,
  findRedisServer: () => findRedisServer(),
  describeHost: (directory) => describeHost(systemProbes, directory),
  openSafety,
  listMetrics: () =>
    METRIC_CATALOGUE.map((metric) => ({ ...metric, name: `${METRIC_PREFIX}${metric.name}` })),
};
