import { z } from 'zod';
import { decimal, duration, field, flag, integer, list, optionalText, section, text } from '../keys.ts';

/** Settings of the player's safety: judging, interventions, and the people who are told. */

const Recipient = z.email();
const MINUTE = 60;
const HOUR = 3600;

export const safety = section({
  enabled: flag({
    default: true,
    description: 'Whether texts are judged; false is legal in development and testing only',
  }),
  rules_file: optionalText({
    accepts: (path) => path.trim() !== '',
    expected: 'the path of a JSON or YAML file',
    default: null,
    description: 'Rules that hold while none are stored in Redis; null: those that come with the product',
  }),
  cache_ttl_s: duration({
    min: 0.1,
    max: 60,
    default: 2,
    description: 'Longest time until a change of the rules is noticed when its announcement is lost',
  }),
  allow_disable_crisis: flag({
    default: false,
    description: 'Whether a rules document may switch the detection of crises off',
  }),
  default_region: text({
    accepts: (region) => /^(default|[A-Z]{2})$/.test(region),
    expected: '"default" or two capital letters such as US',
    default: 'default',
    description: 'Region whose help is shown to players who named none',
  }),
  locale: text({
    accepts: (locale) => /^[a-z]{2}$/.test(locale),
    expected: 'two small letters such as en',
    default: 'en',
    description: 'Language of texts that name none',
  }),
  hmac_secret: optionalText({
    accepts: (value) => Buffer.byteLength(value) >= 32,
    expected: 'at least 32 bytes',
    secret: 'whole',
    default: null,
    description:
      'Key of the hashes that stand for players and texts; needed in production, elsewhere null takes one kept in Redis',
  }),
  wal_file: optionalText({
    accepts: (path) => path.trim() !== '',
    expected: 'the path of a file in a folder that outlives the process',
    default: null,
    description: 'Where interventions wait while Redis is away; null: safety.wal in the folder .ao',
  }),
  protocols_file: optionalText({
    accepts: (path) => path.trim() !== '',
    expected: 'the path of a JSON file',
    default: null,
    description: 'What is done in which crisis; null: the protocols that come with the product',
  }),
  hold: section({
    threshold: integer({
      min: 1,
      max: 100,
      default: 3,
      description: 'Crises within the window after which a session is held for a person',
    }),
    window_h: integer({ min: 1, max: 720, default: 24, description: 'Hours in which crises are counted' }),
  }),
  output: section({
    max_regenerations: integer({
      min: 0,
      max: 5,
      default: 2,
      description: 'How often a story that was blocked is told anew before the neutral text takes its place',
    }),
    repeat_limit: integer({
      min: 1,
      max: 100,
      default: 3,
      description: 'Blocked stories of one session within the window after which people are told',
    }),
    window_h: integer({ min: 1, max: 720, default: 1, description: 'Hours in which they are counted' }),
  }),
  ack_minutes: section({
    critical: minutes(5, 'critical'),
    high: minutes(15, 'high'),
    moderate: minutes(60, 'moderate'),
  }),
  notify: section({
    retries: integer({
      min: 0,
      max: 10,
      default: 3,
      description: 'How often a notification that failed is sent again over the same channel',
    }),
    delay_s: duration({
      min: 0.05,
      max: HOUR,
      default: 2 * MINUTE,
      description: 'Pause before it; for a critical level 5, 15 and 60 seconds unless this is shorter',
    }),
    dashboard_url: optionalText({
      accepts: isAddress,
      expected: 'an address like https://fleet.example',
      default: null,
      description: 'Where people reach this fleet; the base of the links in notifications',
    }),
    include_excerpt: flag({
      default: false,
      description: 'Whether a page shows words of the player; only false is accepted',
    }),
  }),
  channels: section({
    webhook: section({
      enabled: enabled('a signed webhook', false),
      url: address('The address that receives notifications as JSON'),
      secret: secret('Key of the signature X-Signature'),
    }),
    email: section({
      enabled: enabled('e-mail', false),
      smtp_url: optionalText({
        accepts: (value) => /^smtps?:\/\/\S+$/.test(value),
        expected: 'an address like smtps://user:password@mail.example:465',
        secret: 'url',
        default: null,
        description: 'The server that sends the mail',
      }),
      from: optionalText({
        accepts: (value) => Recipient.safeParse(value).success,
        expected: 'an e-mail address',
        default: null,
        description: 'The sender',
      }),
      on_call: recipients('who is on call'),
      supervisor: recipients('supervisors; when empty, those on call'),
      director: recipients('directors; when empty, supervisors'),
    }),
    chat: section({
      enabled: enabled('a chat webhook', false),
      url: address('The incoming webhook of a chat room; it receives {"text": …}'),
    }),
    pager: section({
      enabled: enabled('a pager', false),
      url: address('The events API of a pager service (version 2 of the common form)'),
      routing_key: secret('The routing key of that service'),
    }),
    dashboard: section({ enabled: enabled('the console of the operators', true) }),
  }),
  retention_days: section({
    intervention: days('closed interventions', 400),
    user: days('the history of a player', 90),
    audit: days('entries of the audit of safety', 400),
  }),
  audit: section({
    safe: flag({ default: false, description: 'Whether texts that are safe are audited too' }),
  }),
});

function enabled(what: string, isDefault: boolean) {
  return flag({ default: isDefault, description: `Whether people are told over ${what}` });
}

function address(description: string) {
  return optionalText({
    accepts: isAddress,
    expected: 'an address that begins with https:// or http://',
    secret: 'whole',
    default: null,
    description,
  });
}

function secret(description: string) {
  return optionalText({
    accepts: (value) => value.length >= 16,
    expected: 'at least 16 characters',
    secret: 'whole',
    default: null,
    description,
  });
}

function recipients(whom: string) {
  const element = field(Recipient, { expected: 'an e-mail address' });
  return list(element, {
    expected: 'a list of e-mail addresses',
    default: [],
    description: `Addresses of ${whom}`,
  });
}

function minutes(value: number, level: string) {
  return decimal({
    min: 0.005,
    max: 1440,
    default: value,
    description: `Minutes until the next tier is told when nobody acknowledges a ${level} escalation`,
  });
}

function days(what: string, value: number) {
  return integer({ min: 1, max: 3650, default: value, description: `Days for which ${what} are kept` });
}

function isAddress(value: string): boolean {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}
