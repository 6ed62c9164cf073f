/** Lua shared by the scripts of this room; each script lists its own KEYS and ARGV. */

/** An open run may still change its world and session; a terminal one never does. */
export const LUA_IS_OPEN = `
local function is_open(status)
  return status == 'pending' or status == 'running' or status == 'compensating'
end
`;

/** A run whose effects are being undone is still open, but no step adds anything to it any more. */
export const LUA_ACCEPTS = `
local function accepts(status)
  return status == 'pending' or status == 'running'
end
`;

/**
 * Adds an entry to a run's ledger and returns its number. `before` is what the effect replaced, false for nothing;
 * `expires` when that would have ended by itself, in epoch ms.
 */
export const LUA_RECORD_EFFECT = `
local function record_effect(effects_key, entry, before, expires)
  local seq = redis.call('HINCRBY', effects_key, 'n', 1)
  redis.call('HSET', effects_key, 'e:' .. seq, entry)
  if before then redis.call('HSET', effects_key, 'p:' .. seq, before) end
  if expires then redis.call('HSET', effects_key, 'x:' .. seq, expires) end
  return seq
end
`;

/** Appends to the run's bounded event stream and announces it on the channel of the same name. */
export const LUA_EMIT = `
local function emit(events_key, event_type, at, step, agent, data)
  redis.call('XADD', events_key, 'MAXLEN', '~', 200, '*',
    'type', event_type, 'at', at, 'step', step, 'agent', agent, 'data', data)
  redis.call('PUBLISH', events_key, event_type)
end
`;

/** Lengthens a key's life to at least so long: sessions with lives of different length may share a world. */
export const LUA_KEEP_FOR = `
local function keep_for(key, seconds)
  if redis.call('TTL', key) < tonumber(seconds) then redis.call('EXPIRE', key, seconds) end
end
`;

/**
 * Notes a patch of a world in the world's own history, which lives as long as the world, and, when there is an
 * after-image, in the outbox. `patch` and `run_id` may be ''.
 */
export const LUA_NOTE_PATCH = `
local function live_as_long(key, as)
  local left = redis.call('PTTL', as)
  if left > 0 then redis.call('PEXPIRE', key, left) end
end
local function note_patch(world_key, history_key, outbox_key, at, patch)
  local fields = {'version', patch.version, 'at', at, 'step', patch.step, 'ops', patch.ops, 'undo', patch.undo}
  if patch.run_id ~= '' then fields[11] = 'run_id'; fields[12] = patch.run_id end
  redis.call('XADD', history_key, 'MAXLEN', 500, '*', unpack(fields))
  live_as_long(history_key, world_key)
  if patch.after ~= '' then
    redis.call('XADD', outbox_key, '*', 'kind', 'patch', 'world_id', patch.world_id,
      'version', patch.version, 'patch', patch.after, 'at', at)
  end
end
`;

/**
 * The hand-over of a session: the next waiting run that is still open becomes the active one, and its time
 * begins. Runs that ended while they waited are passed over. Needs LUA_IS_OPEN.
 */
export const LUA_HAND_OVER = `
local function hand_over(session_key, pending_key, run_prefix, run_id, now)
  if redis.call('HGET', session_key, 'active') ~= run_id then
    redis.call('LREM', pending_key, 0, run_id)
    return ''
  end
  local next_id = redis.call('LPOP', pending_key)
  while next_id do
    local next_key = run_prefix .. next_id
    if is_open(redis.call('HGET', next_key, 'status')) then
      redis.call('HSET', session_key, 'active', next_id)
      local timeout = tonumber(redis.call('HGET', next_key, 'timeout_ms'))
      redis.call('HSET', next_key, 'deadline_at', tonumber(now) + timeout, 'ready_at', now)
      return next_id
    end
    next_id = redis.call('LPOP', pending_key)
  end
  redis.call('HDEL', session_key, 'active')
  return ''
end
`;
