import { closeRedis } from '../../redis/connect.ts';
import { openCore } from '../messages/open-core.ts';
import type { MessagingOptions } from '../messages/settings.ts';
import type { CoreOptions } from '../open-core.ts';
import { removeSource, verifySource, type Removal, type Verification } from './remove-source.ts';
import type { MigrationReport } from './report.ts';
import { takeOver, type TakeOverOptions } from './take-over.ts';

export interface MigrationOptions extends CoreOptions {
  readonly messaging?: MessagingOptions;
  /** The key prefix of the original. Default: `keyPrefix`. */
  readonly from?: string;
}

/** Messages of the Python original, taken over into mailboxes. docs/coordination/MIGRATION.md tells when to do what. */
export interface Migration extends AsyncDisposable {
  /** Errors: redis_unavailable */
  takeOver(options?: Omit<TakeOverOptions, 'from'>): Promise<MigrationReport>;
  /** Whether everything has been taken over; changes nothing. Errors: redis_unavailable */
  verify(): Promise<Verification>;
  /** Delete the source of what was taken over; the rest stays. Errors: redis_unavailable */
  removeSource(): Promise<Removal>;
  close(): Promise<void>;
}

/** Errors: validation (invalid_input) */
export function openMigration({ from, ...options }: MigrationOptions): Migration {
  const { core } = openCore(options);
  const source = from ?? core.keys.prefix;
  const close = async (): Promise<void> => {
    await core.audit.flush();
    await core.mailboxes.close();
    await closeRedis(core.redis);
  };
  return {
    takeOver: (how) => takeOver(core, { ...how, from: source }),
    verify: () => verifySource(core, source),
    removeSource: () => removeSource(core, source),
    close,
    [Symbol.asyncDispose]: close,
  };
}
