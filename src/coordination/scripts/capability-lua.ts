/**
 * What scripts do with capabilities; the heartbeat of an agent and its end do it together with their own work. The
 * epoch grows when capabilities are others than before, or were gone; it begins at the time of day, so that it never
 * comes back to a former value when Redis loses it.
 */
export const CAPABILITY_LUA = `
local function grown_epoch(epoch_key, now)
  redis.call('SET', epoch_key, string.format('%.0f', now), 'NX')
  return redis.call('INCR', epoch_key)
end
-- The set stands for another ttl ms. Answers 1 when it is another one than before, or there was none, else 0.
local function advertise(set_key, index_key, epoch_key, agent, registration, now, ttl, set, load, is_running)
  local line = redis.call('HGET', index_key, agent)
  local revision = line and string.match(line, '^%S+ (%d+)')
  local changed = 0
  if not revision or redis.call('GET', set_key) ~= set then
    changed = 1
    revision = string.format('%.0f', grown_epoch(epoch_key, now))
  end
  redis.call('SET', set_key, set, 'PX', ttl)
  redis.call('HSET', index_key, agent, table.concat({ agent, revision, string.format('%.0f', now + ttl), load, is_running,
    string.sub(registration, 1, 8) }, ' '))
  return changed
end
-- Answers 1 when there was something, else 0.
local function withdraw(set_key, index_key, epoch_key, agent, now)
  if redis.call('DEL', set_key) + redis.call('HDEL', index_key, agent) == 0 then return 0 end
  grown_epoch(epoch_key, now)
  return 1
end
-- The registry, which writes most of these events, keeps the stream short.
local function tell_change(stream, agent, registration, details)
  redis.call('XADD', stream, '*', 'kind', 'capabilities_changed', 'agent_id', agent,
    'registration_id', registration, 'details', details)
end
`;
