/**
 * What the scripts of agents share. A record is JSON that begins with its registration id, its time to live in
 * seconds and its last heartbeat; so scripts read those without parsing the rest, and write them without touching it.
 */
export const AGENT_LUA = `
local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function iso(ms)
  local days = math.floor(ms / 86400000)
  local rest = ms - days * 86400000
  -- Days since 1970 to a date of the Gregorian calendar, counting years from March and eras of 400 years.
  local z = days + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local day = doy - math.floor((153 * mp + 2) / 5) + 1
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  local seconds = math.floor(rest / 1000)
  return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', year, month, day,
    math.floor(seconds / 3600), math.floor(seconds / 60) % 60, seconds % 60, rest - seconds * 1000)
end
-- Registration id and time to live in ms; nothing when there is no record or it cannot be read.
local function head_of(record)
  local id, ttl = string.match(record or '', '^{"registration_id":"([%x-]+)","heartbeat_ttl_s":([%d.]+),')
  return id, ttl and tonumber(ttl) * 1000
end
local function instance_of(agent)
  return string.match(agent, ':(.*)$') or ''
end
local function event(stream, max_len, kind, agent, registration, details)
  redis.call('XADD', stream, 'MAXLEN', '~', max_len, '*', 'kind', kind, 'agent_id', agent,
    'registration_id', registration or '', 'details', details)
end
`;

/** Writes a record, its places and its state. The keys are those of {@link beatAgent} up to the state. */
export const WRITE_AGENT_LUA = `
-- Two heartbeats of an agent within a millisecond still differ: readers tell by that what is new.
local function moment_of_beat()
  local now = now_ms()
  local before = tonumber(redis.call('ZSCORE', KEYS[2], ARGV[1]) or 0)
  if before >= now and before < now + 100 then return before + 1 end
  return now
end
-- Answers whether it counts as lost, or never was there.
local function write_agent(now)
  redis.call('SET', KEYS[1], '{"registration_id":"' .. ARGV[2] .. '","heartbeat_ttl_s":' .. ARGV[4]
    .. ',"last_heartbeat":"' .. iso(now) .. '",' .. ARGV[5], 'PX', ARGV[6])
  redis.call('ZADD', KEYS[2], now, ARGV[1])
  redis.call('ZREM', KEYS[4], ARGV[1])
  return redis.call('ZADD', KEYS[3], now + ARGV[3], ARGV[1]) == 1
end
`;

/** Saves the state of an agent with who saved it when. */
export const SAVE_STATE_LUA = `
local function save_state(key, registration, state, retention_ms)
  redis.call('SET', key, '{"schema_version":1,"saved_at":"' .. iso(now_ms()) .. '","registration_id":"'
    .. registration .. '","state":' .. state .. '}', 'PX', retention_ms)
end
`;
