/**
 * What every script of circuits begins with: the record is read, and can be moved, written and told. The decisions are
 * those of `breaker-rules.ts`, word by word; `tests/integration/resilience/rules-in-redis.test.ts` drives both.
 *
 * Every script has these, its own arguments follow:
 *   KEYS[1] record hash   KEYS[2] probes zset   KEYS[3] registry set   KEYS[4] counts hash
 *   ARGV[1] name          ARGV[2] channel       ARGV[3] who asks       ARGV[4] settings as JSON, or '' for the stored ones
 *   ARGV[5] now in ms, or '' for the time of Redis
 * and answers view(verdict).
 */
export const CIRCUIT_LUA = `
local DAY, WEEK = 86400, 604800
local now = tonumber(ARGV[5])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local stored = redis.call('HMGET', KEYS[1], 'state', 'epoch', 'failures', 'last_failure_at', 'opened_at',
  'first_opened_at', 'successes', 'changed_at', 'degraded', 'overdue', 'config')
-- The epoch of a new record is the time: it is larger than any of a record that lapsed or was removed.
local c = {
  state = stored[1] or 'closed',
  epoch = tonumber(stored[2]) or now,
  failures = tonumber(stored[3]) or 0,
  last_failure_at = tonumber(stored[4]) or 0,
  opened_at = tonumber(stored[5]) or 0,
  first_opened_at = tonumber(stored[6]),
  successes = tonumber(stored[7]) or 0,
  changed_at = tonumber(stored[8]) or now,
  degraded = stored[9] == '1',
  overdue = stored[10] == '1',
}
local before = c.state
local json = ARGV[4]
if json == '' then json = stored[11] or '{}' end
local config = cjson.decode(json)
local enabled = config.enabled ~= false
local timeout_ms = (config.timeout_seconds or 60) * 1000
local is_dirty = not stored[1] or json ~= stored[11]
local notices = {}

local function whole(n) return string.format('%.0f', n) end

local function refusal()
  if not enabled or c.state == 'closed' then return nil end
  if c.state == 'open' then
    local left = c.opened_at + timeout_ms - now
    if left > 0 then return 'circuit_breaker_open', math.ceil(left) end
    return nil
  end
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
  if redis.call('ZCARD', KEYS[2]) < config.half_open_max_calls then return nil end
  local first = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
  return 'half_open_max_calls_reached', math.min(tonumber(first[2]) - now, 1000)
end

-- Told when the script ends, with the record as it is then.
local function tell(event, from) notices[#notices + 1] = { event, from or c.state } end

local function set_degraded(on)
  if c.degraded == on then return end
  c.degraded = on
  is_dirty = true
  tell(on and 'degraded_mode_activated' or 'degraded_mode_deactivated')
end

local function move(to)
  local from = c.state
  if from ~= to then
    redis.call('HINCRBY', KEYS[4], 'ms:' .. from, now - c.changed_at)
    redis.call('HINCRBY', KEYS[4], from .. '>' .. to, 1)
    redis.call('EXPIRE', KEYS[4], WEEK)
    c.changed_at = now
  end
  c.state, c.epoch, c.failures, c.successes = to, c.epoch + 1, 0, 0
  redis.call('DEL', KEYS[2])
  if to == 'open' then
    c.opened_at = now
    c.first_opened_at = c.first_opened_at or now
  elseif to == 'closed' then
    c.opened_at, c.last_failure_at, c.first_opened_at, c.overdue = 0, 0, nil, false
  end
  is_dirty = true
  tell(from == to and 'circuit_renewed' or 'circuit_transition', from)
  if to == 'closed' then set_degraded(false) end
end

local function note_overdue()
  if c.overdue or not c.first_opened_at then return end
  if now - c.first_opened_at < (config.recovery_timeout_seconds or 300) * 1000 then return end
  c.overdue = true
  is_dirty = true
  tell('circuit_recovery_overdue')
end

local function view(verdict, wait)
  if is_dirty then
    redis.call('HSET', KEYS[1], 'state', c.state, 'epoch', whole(c.epoch), 'failures', c.failures,
      'last_failure_at', whole(c.last_failure_at), 'opened_at', whole(c.opened_at),
      'first_opened_at', c.first_opened_at and whole(c.first_opened_at) or '', 'successes', c.successes,
      'changed_at', whole(c.changed_at), 'degraded', c.degraded and '1' or '0', 'overdue', c.overdue and '1' or '0',
      'config', json)
  end
  redis.call('EXPIRE', KEYS[1], DAY)
  redis.call('SADD', KEYS[3], ARGV[1])
  if not wait then
    local _, left = refusal()
    wait = left or 0
  end
  for _, notice in ipairs(notices) do
    redis.call('PUBLISH', ARGV[2], cjson.encode({
      event = notice[1], name = ARGV[1], by = ARGV[3], from = notice[2], state = c.state, epoch = c.epoch,
      failures = c.failures, successes = c.successes, retry_after_ms = wait, changed_at = c.changed_at,
      first_opened_at = c.first_opened_at or cjson.null, degraded = c.degraded, overdue = c.overdue, at = now,
    }))
  end
  return { verdict, before, c.state, whole(c.epoch), c.failures, c.successes, whole(wait), whole(c.changed_at),
    c.first_opened_at and whole(c.first_opened_at) or '', c.degraded and 1 or 0, c.overdue and 1 or 0, whole(now),
    table.concat((function()
      local events = {}
      for _, notice in ipairs(notices) do events[#events + 1] = notice[1] end
      return events
    end)(), ',') }
end
`;
