/** What scripts that end an agent do with what it subscribed to: nobody would ever read what is sent for that. */
export const SUBSCRIPTION_LUA = `
-- The subscriptions of one agent, hash, and the index of all.
local function drop_subscriptions(own, index)
  for _, id in ipairs(redis.call('HKEYS', own)) do redis.call('HDEL', index, id) end
  redis.call('DEL', own)
end
`;
