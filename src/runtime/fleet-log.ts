import { hostname } from 'node:os';
import type { Config } from '../../config/schema.ts';
import { createLogger, type Logger } from '../observability/logger.ts';
import { VERSION } from './version.ts';

/** Tells processes of one role apart in logs, in BullMQ and in metrics. */
export function instanceName(chosen?: string): string {
  return chosen ?? `${hostname()}-${process.pid}`;
}

/** Commands print their results on stdout, so every role logs to stderr. */
export function createFleetLog(config: Config, role: string, instance: string): Logger {
  return createLogger({
    level: config.log.level,
    role,
    instance,
    version: VERSION,
    pretty: config.environment === 'development',
    includeContent: config.log.include_content,
    destination: 'stderr',
  });
}
