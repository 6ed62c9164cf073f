import { isIP } from 'node:net';
import { z } from 'zod';
import {
  duration,
  field,
  flag,
  flagOrInteger,
  integer,
  list,
  optionalText,
  port,
  records,
  section,
  size,
  text,
} from '../keys.ts';

/** Settings of what the fleet listens on and speaks to. */

const PREFIX = /^(?:[a-z][a-z0-9_-]{0,31}|\{[a-z][a-z0-9_-]{0,31}(?::\d{1,4})?\})$/;
const PREFIX_EXPECTED = 'a prefix like ao, {ao} or {ao:0}';

export const redis = section({
  url: optionalText({
    accepts: (value) => URL.canParse(value) && /^rediss?:\/\/[^/]/.test(value),
    expected: 'an address like redis://127.0.0.1:6379/0 or rediss://…',
    secret: 'url',
    default: null,
    description: 'Address of Redis; null starts an embedded one (development and testing only)',
  }),
  key_prefix: text({
    accepts: (value) => PREFIX.test(value),
    expected: PREFIX_EXPECTED,
    default: 'ao',
    description: 'First segment of every key of this fleet; fleets that share a Redis differ here',
  }),
  bullmq_prefix: optionalText({
    accepts: (value) => PREFIX.test(value),
    expected: PREFIX_EXPECTED,
    default: null,
    description: 'First segment of the keys of BullMQ; null is the same as redis.key_prefix',
  }),
  connect_timeout: duration({
    min: 1,
    max: 60,
    default: 10,
    description: 'How long one attempt to connect to Redis may take',
  }),
  require_noeviction: flag({
    default: false,
    description: 'Refuse to start on a Redis that may evict keys; otherwise only warn',
  }),
});

export const http = section({
  host: text({
    accepts: (value) => isIP(value) !== 0 || /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(value),
    expected: 'an IP address or host name',
    default: '127.0.0.1',
    description: 'Address the HTTP API and the metrics endpoint listen on; beyond loopback needs credentials',
  }),
  body_limit: size({
    min: 1024,
    max: 67_108_864,
    default: 1_048_576,
    description: 'Largest request body',
  }),
  cors_origins: list(
    z
      .string()
      .refine((origin) => origin === '*' || (URL.canParse(origin) && new URL(origin).origin === origin)),
    {
      expected: 'a list of origins like https://game.example, or *',
      default: [],
      description: 'Origins whose pages may call the API; * in development and testing only',
    },
  ),
  trust_proxy: flagOrInteger({
    min: 1,
    max: 10,
    default: false,
    description: 'Whether, or through how many proxies, X-Forwarded-For is believed',
  }),
  request_timeout: duration({
    min: 1,
    max: 300,
    default: 35,
    description: 'Longest time one request may take; above the longest wait of 30 s',
  }),
  bull_board_path: text({
    accepts: (value) => /^(?:\/[A-Za-z0-9_.~-]+)+$/.test(value),
    expected: 'a path like /admin/queues, without a trailing slash',
    default: '/admin/queues',
    description: 'Where Bull Board is mounted',
  }),
});

export const metrics = section({
  port: port({ default: 9464, description: 'Port on which a worker process serves /metrics' }),
  auth: flag({ default: false, description: 'Whether /metrics asks for a key with the role read' }),
  dlq_warn_threshold: integer({
    min: 1,
    max: 1_000_000,
    default: 10,
    description: 'Dead letters in one queue from which a warning is logged',
  }),
  retry_spike_warn_threshold: integer({
    min: 1,
    max: 1_000_000,
    default: 20,
    description: 'Messages tried again within five seconds in one process, above which a warning is logged',
  }),
  poll_interval: duration({
    min: 1,
    max: 3600,
    default: 5,
    description: 'How often queue depths are read from Redis',
  }),
});

export const realtime = section({
  events: section({
    stream_max_len: integer({
      min: 100,
      max: 100_000_000,
      default: 100_000,
      description: 'Entries the log of what happened to the fleet keeps',
    }),
    event_retention_hours: integer({
      min: 1,
      max: 8760,
      default: 24,
      description: 'Hours for which it keeps them; 1 in production',
    }),
  }),
});

export const ROLES = ['user', 'enqueue', 'read', 'operate', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** The id has no `_`, because a key is written `ao_<id>_<secret>` and the secret may contain one. */
const ApiKey = z.strictObject({
  id: field(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$/), {
    expected: '1 to 64 letters, digits, "." or "-"',
  }),
  sha256: field(
    z
      .string()
      .regex(/^[0-9a-f]{64}$/i)
      .toLowerCase(),
    {
      expected: 'the SHA-256 of the secret in 64 hexadecimal digits',
      secret: 'whole',
    },
  ),
  roles: field(z.array(z.enum(ROLES)).min(1), { expected: `a list of ${ROLES.join(', ')}` }),
  rate: field(z.int().min(1).max(100_000), { expected: 'integer 1..100000' }).optional(),
  allowed_cidrs: field(z.array(z.union([z.cidrv4(), z.cidrv6()])).min(1), {
    expected: 'a list of networks like 10.0.0.0/8',
  }).optional(),
  expires_at: field(z.iso.datetime({ offset: true }), {
    expected: 'a moment like 2030-01-31T00:00:00Z',
  }).optional(),
  user_id: field(z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,127}$/), {
    expected: 'a user id: a letter, then up to 127 letters, digits, "_", "." or "-"',
  }).optional(),
});

export const auth = section({
  api_keys: records(ApiKey, {
    expected: 'a list of {id, sha256, roles, rate?, allowed_cidrs?, expires_at?, user_id?}',
    default: [],
    description: 'Keys that may call the API; only the hash of each secret is stored',
  }),
});

export const rateLimits = section({
  enqueue_per_s: perSecond('Submissions', 200),
  enqueue_burst: integer({
    min: 1,
    max: 100_000,
    default: 400,
    description: 'Submissions one API key or client may send at once',
  }),
  read_per_s: perSecond('Reads', 50),
  operate_per_s: perSecond('Operator actions', 10),
});

function perSecond(what: string, value: number) {
  return integer({
    min: 1,
    max: 100_000,
    default: value,
    description: `${what} one API key or client may send per second`,
  });
}
