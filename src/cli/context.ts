import { configWarnings, loadConfig } from '../../config/load.ts';
import type { Config } from '../../config/schema.ts';
import { FleetError } from '../kernel/errors.ts';
import type { Questioner } from './confirm.ts';
import { findDevFleet } from './dev-state.ts';
import type { Output } from './output.ts';
import type {
  CliAgentOperations,
  CliMessageOperations,
  CliOperations,
  CliPorts,
  OpenFleet,
  OpenMessages,
  RemoteFleet,
} from './ports.ts';

/** Options every command accepts. */
export interface GlobalOptions {
  readonly config?: string;
  readonly redisUrl?: string;
  readonly apiUrl?: string;
  readonly apiKey?: string;
  readonly prefix?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly color: boolean;
}

export interface ContextParts {
  readonly ports: CliPorts;
  readonly out: Output;
  readonly globals: GlobalOptions;
  readonly questioner: Questioner;
  readonly stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  /** Folder for what a development fleet keeps on disk. */
  readonly stateDir: string;
  /** Aborts on the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** Default: the environment of the process. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Calls the listener at every SIGHUP; returns what ends that. Absent at a terminal. */
  readonly onHangup?: ((listener: () => void) => () => void) | undefined;
}

/** A fleet to work with, over Redis or over HTTP; closed when the command ends. */
export interface FleetAccess extends AsyncDisposable {
  readonly operations: CliOperations & CliAgentOperations;
  readonly via: 'redis' | 'api';
}

/** The mailboxes to work with; closed when the command ends. */
export interface MessageAccess extends AsyncDisposable {
  readonly operations: CliMessageOperations;
}

/** What a command works with. */
export class CommandContext {
  readonly ports: CliPorts;
  readonly out: Output;
  readonly globals: GlobalOptions;
  readonly questioner: Questioner;
  readonly stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  readonly stateDir: string;
  readonly signal: AbortSignal;
  readonly onHangup: ContextParts['onHangup'];
  readonly #env: NodeJS.ProcessEnv | undefined;

  constructor(parts: ContextParts) {
    this.ports = parts.ports;
    this.out = parts.out;
    this.globals = parts.globals;
    this.questioner = parts.questioner;
    this.stdin = parts.stdin;
    this.stateDir = parts.stateDir;
    this.signal = parts.signal;
    this.onHangup = parts.onHangup;
    this.#env = parts.env;
  }

  /** The configuration, with the global options and `overrides` (key path to value) on top. */
  loadConfig(overrides: Readonly<Record<string, string>> = {}): Config {
    const { config: configFile, redisUrl, prefix } = this.globals;
    return loadConfig({
      ...(configFile !== undefined && { configFile }),
      ...(this.#env !== undefined && { env: this.#env }),
      overrides: {
        ...(redisUrl !== undefined && { 'redis.url': redisUrl }),
        ...(prefix !== undefined && { 'redis.key_prefix': prefix }),
        ...overrides,
      },
    });
  }

  /**
   * The configuration with an address of Redis in any case: the configured one, else that of a development
   * fleet that runs here, else the usual local one.
   */
  async loadConfigWithRedis(overrides: Readonly<Record<string, string>> = {}): Promise<Config> {
    const config = this.loadConfig(overrides);
    if (config.redis.url !== null) return config;
    const running = await findDevFleet(this.stateDir, config.port);
    return this.loadConfig({ ...overrides, 'redis.url': running?.redisUrl ?? LOCAL_REDIS });
  }

  /** The fleet at its Redis, or through its API when `--api-url` is given. */
  async fleet(): Promise<FleetAccess> {
    const { apiUrl } = this.globals;
    if (apiUrl !== undefined) return access('api', await this.#openRemote(apiUrl));
    return access('redis', await this.openDirectly());
  }

  /** The mailboxes at a Redis, without a fleet around them, or through its API when `--api-url` is given. */
  async messages(config?: Config): Promise<MessageAccess> {
    const { apiUrl } = this.globals;
    const opened = apiUrl === undefined ? await this.#openMessages(config) : await this.#openRemote(apiUrl);
    return { operations: opened.operations, [Symbol.asyncDispose]: () => opened.close() };
  }

  /** The fleet at its Redis, whatever `--api-url` says. */
  async openDirectly(): Promise<OpenFleet> {
    const config = await this.loadConfigWithRedis();
    this.noteWarnings(config);
    return this.ports.openFleet(config);
  }

  #openRemote(baseUrl: string): Promise<RemoteFleet> {
    const { apiKey } = this.globals;
    return this.ports.openRemote({ baseUrl, ...(apiKey !== undefined && { apiKey }) });
  }

  async #openMessages(config?: Config): Promise<OpenMessages> {
    const chosen = config ?? (await this.loadConfigWithRedis());
    this.noteWarnings(chosen);
    return this.ports.openMessages(chosen);
  }

  noteWarnings(config: Config): void {
    for (const warning of configWarnings(config)) this.out.note(`config warning: ${warning}`);
  }
}

export const LOCAL_REDIS = 'redis://127.0.0.1:6379/0';

/** A wrong use of a command that its option parser cannot see. */
export function usageError(message: string): FleetError {
  return new FleetError({ code: 'usage', kind: 'invalid_input', message });
}

function access(
  via: FleetAccess['via'],
  fleet: { operations: CliOperations & CliAgentOperations; close(): Promise<void> },
): FleetAccess {
  return { via, operations: fleet.operations, [Symbol.asyncDispose]: () => fleet.close() };
}
