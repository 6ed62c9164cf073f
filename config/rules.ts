import { readModelPrices } from './model-prices.ts';
import type { ParsedConfig } from './schema.ts';

/** A rule between keys, judged when each of them is valid by itself. */
export interface Rule {
  /** The key that is to blame first; the message begins with it. */
  readonly keys: readonly [string, ...string[]];
  /** What is wrong, in words that name the other keys; undefined when all is well. */
  check(config: ParsedConfig): string | undefined;
}

const AGENT_TYPES = ['input_processor', 'world_builder', 'narrative_generator'] as const;
type AgentType = (typeof AGENT_TYPES)[number];

/** Agents of the fleet have sections of their own. */
const OWN_NAMES: ReadonlySet<string> = new Set([...AGENT_TYPES, 'ipa', 'wba', 'nga']);

const BREAKER = 'workflow.error_handling.circuit_breaker';

export const RULES: readonly Rule[] = [
  {
    keys: ['workflow.error_handling.step_timeout_seconds', 'workflow.error_handling.timeout_seconds'],
    check({ workflow: { error_handling: limits } }) {
      if (limits.step_timeout_seconds <= limits.timeout_seconds) return undefined;
      return `expected at most workflow.error_handling.timeout_seconds (${limits.timeout_seconds}), got ${limits.step_timeout_seconds}`;
    },
  },
  {
    keys: [`${BREAKER}.recovery_timeout_seconds`, `${BREAKER}.timeout_seconds`],
    check({
      workflow: {
        error_handling: { circuit_breaker: breaker },
      },
    }) {
      if (breaker.recovery_timeout_seconds >= breaker.timeout_seconds) return undefined;
      return `expected at least ${BREAKER}.timeout_seconds (${breaker.timeout_seconds}), got ${breaker.recovery_timeout_seconds}`;
    },
  },
  {
    keys: [`${BREAKER}.success_threshold`, `${BREAKER}.half_open_max_calls`],
    check({
      workflow: {
        error_handling: { circuit_breaker: breaker },
      },
    }) {
      if (breaker.success_threshold <= breaker.half_open_max_calls) return undefined;
      return `expected at most ${BREAKER}.half_open_max_calls (${breaker.half_open_max_calls}), got ${breaker.success_threshold}`;
    },
  },
  {
    keys: ['shutdown.grace', 'shutdown.drain_delay'],
    check({ shutdown: { grace, drain_delay: drainDelay } }) {
      if (grace > drainDelay) return undefined;
      return `expected more than shutdown.drain_delay (${drainDelay}), got ${grace}`;
    },
  },
  {
    keys: ['auth.api_keys'],
    check({ auth: { api_keys: keys } }) {
      const ids = keys.map(({ id }) => id);
      const repeated = ids.find((id, index) => ids.indexOf(id) !== index);
      return repeated === undefined ? undefined : `expected ids that differ, got "${repeated}" twice`;
    },
  },
  {
    keys: ['http.host', 'auth.api_keys'],
    check({ http: { host }, auth }) {
      if (isLoopback(host) || auth.api_keys.length > 0) return undefined;
      return `expected a loopback address while auth.api_keys is empty, got "${host}"`;
    },
  },
  {
    keys: ['auth.api_keys', 'environment'],
    check({ environment, auth }) {
      if (!isDeployed(environment) || auth.api_keys.length > 0) return undefined;
      return `expected at least one key while environment is ${environment}, got none`;
    },
  },
  {
    keys: ['redis.url', 'environment'],
    check({ environment, redis }) {
      if (!isDeployed(environment) || redis.url !== null) return undefined;
      return `expected an address while environment is ${environment}, got null (an embedded Redis is for development and testing)`;
    },
  },
  {
    keys: ['http.cors_origins', 'environment'],
    check({ environment, http }) {
      if (!isDeployed(environment) || !http.cors_origins.includes('*')) return undefined;
      return `expected named origins while environment is ${environment}, got "*"`;
    },
  },
  {
    keys: ['log.include_content', 'environment'],
    check({ environment, log }) {
      if (environment !== 'production' || !log.include_content) return undefined;
      return 'expected false while environment is production, got true';
    },
  },
  {
    keys: ['workflow.accept_changed_plans', 'environment'],
    check({ environment, workflow }) {
      if (environment !== 'production' || !workflow.accept_changed_plans) return undefined;
      return 'expected false while environment is production, got true';
    },
  },
  {
    keys: ['safety.enabled', 'environment'],
    check({ environment, safety }) {
      if (!isDeployed(environment) || safety.enabled) return undefined;
      return `expected true while environment is ${environment}, got false`;
    },
  },
  {
    keys: ['safety.hmac_secret', 'environment'],
    check({ environment, safety }) {
      if (!isDeployed(environment) || safety.hmac_secret !== null) return undefined;
      return `expected a secret of at least 32 bytes while environment is ${environment}, got null`;
    },
  },
  {
    keys: ['llm.model', 'llm.base_url'],
    check({ llm }) {
      if (llm.base_url === null || llm.model !== null) return undefined;
      return 'expected the name of a model while llm.base_url is set, got null';
    },
  },
  modelTimeoutRule('ipa', 'input_processor'),
  modelTimeoutRule('wba', 'world_builder'),
  modelTimeoutRule('nga', 'narrative_generator'),
  channelRule('webhook', ['url', 'secret']),
  channelRule('email', ['smtp_url', 'from', 'on_call']),
  channelRule('chat', ['url']),
  channelRule('pager', ['url', 'routing_key']),
  {
    keys: ['llm.daily_budget_usd', 'llm.prices', 'llm.model', 'llm.fallback_models'],
    check({ llm }) {
      if (llm.base_url === null || llm.model === null || llm.daily_budget_usd === null) return undefined;
      const known = new Set([
        ...Object.keys(readModelPrices().models),
        ...llm.prices.map(({ model }) => model),
      ]);
      const unknown = [llm.model, ...llm.fallback_models].filter((model) => !known.has(model));
      if (unknown.length === 0) return undefined;
      return `expected a price in llm.prices for each of llm.model and llm.fallback_models, got none for ${unknown.join(', ')}`;
    },
  },
  {
    keys: ['messaging.backoff_max', 'messaging.backoff_base'],
    check({ messaging: { backoff_max: longest, backoff_base: first } }) {
      if (longest >= first) return undefined;
      return `expected at least messaging.backoff_base (${first}), got ${longest}`;
    },
  },
  {
    keys: ['circuits'],
    check({
      circuits,
      workflow: {
        error_handling: { circuit_breaker: common },
      },
    }) {
      const problems = Object.entries(circuits).flatMap(([name, own]) => {
        // A setting that is absent is the common one.
        const present = Object.entries(own).filter(([, value]) => value !== undefined);
        const circuit = { ...common, ...(Object.fromEntries(present) as Partial<typeof common>) };
        return [
          ...(circuit.recovery_timeout_seconds >= circuit.timeout_seconds
            ? []
            : [
                `recovery_timeout_seconds of ${name} at least its timeout_seconds (${circuit.timeout_seconds})`,
              ]),
          ...(circuit.success_threshold <= circuit.half_open_max_calls
            ? []
            : [
                `success_threshold of ${name} at most its half_open_max_calls (${circuit.half_open_max_calls})`,
              ]),
        ];
      });
      return problems.length === 0 ? undefined : `expected ${problems.join(', and ')}`;
    },
  },
  {
    keys: ['safety.notify.include_excerpt'],
    check({ safety }) {
      if (!safety.notify.include_excerpt) return undefined;
      return 'expected false: no page holds words of a player (docs/decisions/0042-no-excerpts.md), got true';
    },
  },
  {
    keys: ['agents.heartbeat_interval', 'agents.heartbeat_ttl'],
    check({ agents: { heartbeat_interval: interval, heartbeat_ttl: ttl } }) {
      if (interval === null || interval < ttl) return undefined;
      return `expected less than agents.heartbeat_ttl (${ttl}), got ${interval}`;
    },
  },
  {
    keys: ['agents.record_retention', 'agents.heartbeat_ttl'],
    check({ agents: { record_retention: kept, heartbeat_ttl: ttl } }) {
      if (kept >= ttl) return undefined;
      return `expected at least agents.heartbeat_ttl (${ttl}), got ${kept}`;
    },
  },
  ...AGENT_TYPES.map(instancesRule),
  {
    keys: ['router.weight_queue', 'router.weight_heartbeat', 'router.weight_success'],
    check({ router: { weight_queue: queue, weight_heartbeat: heartbeat, weight_success: success } }) {
      if (queue + heartbeat + success > 0) return undefined;
      return 'expected one of router.weight_queue, router.weight_heartbeat and router.weight_success above 0, got 0 for all';
    },
  },
  {
    keys: ['monitoring.restart_policy.backoff_max', 'monitoring.restart_policy.base'],
    check({
      monitoring: {
        restart_policy: { backoff_max: longest, base },
      },
    }) {
      if (longest >= base) return undefined;
      return `expected at least monitoring.restart_policy.base (${base}), got ${longest}`;
    },
  },
  {
    keys: ['agents.custom'],
    check({ agents: { custom } }) {
      const own = Object.keys(custom).filter((name) => OWN_NAMES.has(name));
      if (own.length === 0) return undefined;
      return `expected types of agents that modules bring, got ${own.join(', ')}: set ${own.map((name) => `agents.${name}`).join(', ')} instead`;
    },
  },
];

/** Each agent of a process has a name of its own, and there are not too many of them. */
function instancesRule(type: AgentType): Rule {
  const path = `agents.${type}`;
  return {
    keys: [`${path}.instances`, `${path}.instance`, `${path}.max_instances`],
    check({ agents }) {
      const { instances, instance, max_instances: most } = agents[type];
      const names = instances.map(({ name }) => name);
      const repeated = names.find((name, index) => names.indexOf(name) !== index);
      const problems = [
        ...(instance !== null && names.length > 0 ? [`none beside ${path}.instance ("${instance}")`] : []),
        ...(repeated === undefined ? [] : [`names that differ, got "${repeated}" twice`]),
        ...(names.length > most ? [`at most ${path}.max_instances (${most}), got ${names.length}`] : []),
      ];
      return problems.length === 0 ? undefined : `expected ${problems.join(', and ')}`;
    },
  };
}

function modelTimeoutRule(agent: keyof ParsedConfig['real_agents']['timeouts'], type: AgentType): Rule {
  const limit = `agents.${type}.timeout`;
  return {
    keys: [`real_agents.timeouts.${agent}`, limit],
    check({ llm, agents, real_agents: { timeouts } }) {
      // Without models nothing waits for one.
      if (llm.base_url === null || timeouts[agent] < agents[type].timeout) return undefined;
      return `expected less than ${limit} (${agents[type].timeout}), got ${timeouts[agent]}`;
    },
  };
}

/** A way to people that is switched on must lead somewhere. */
function channelRule(
  name: 'webhook' | 'email' | 'chat' | 'pager',
  needed: readonly [string, ...string[]],
): Rule {
  const base = `safety.channels.${name}`;
  return {
    keys: [`${base}.${needed[0]}`, `${base}.enabled`],
    check({ safety }) {
      const channel: Readonly<Record<string, unknown>> = safety.channels[name];
      if (channel['enabled'] !== true) return undefined;
      const missing = needed.filter((key) => {
        const value = channel[key];
        return value === null || (Array.isArray(value) && value.length === 0);
      });
      if (missing.length === 0) return undefined;
      return `expected ${missing.join(', ')} while ${base}.enabled is true, got none`;
    },
  };
}

function isDeployed(environment: ParsedConfig['environment']): boolean {
  return environment === 'staging' || environment === 'production';
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
