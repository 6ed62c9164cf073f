/**
 * What the scripts of messages share.
 *
 * Scripts of BullMQ take tables packed as bytes. Where ours carry out several of them, `cmsgpack` is one that lets
 * tables pass as they are, so that nothing is packed for the next line to unpack it.
 */
export const MESSAGE_LUA = `
local packed = cmsgpack
local cmsgpack = {
  pack = packed.pack,
  unpack = function(value)
    if type(value) == 'table' then return value end
    return packed.unpack(value)
  end,
}
local function text_of(failure)
  if type(failure) == 'table' then return tostring(failure.err) end
  return tostring(failure)
end
`;

/** Writes one entry of the audit: \`names\` and \`values\` are lists side by side. */
export const AUDIT_LUA = `
local function write_audit(stream, length, names, event, at, values)
  local entry = { 'event', event, 'at', at }
  for i, value in ipairs(values) do
    entry[#entry + 1] = names[i]
    entry[#entry + 1] = value
  end
  return redis.pcall('XADD', stream, 'MAXLEN', '~', length, '*', unpack(entry))
end
`;
