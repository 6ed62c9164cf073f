import { defineScript } from '../../redis/script.ts';
import { AUDIT_LUA } from './message-lua.ts';

/** Many entries of the audit at once: they come as one text, since nobody waits for any of them. */
export const writeAudit = defineScript(
  'write-audit',
  `
-- KEYS[1] audit stream   ARGV[1] its length   ARGV[2] JSON: names of the fields
-- ARGV[3] JSON: a list of entries, each its event, its time and the list of its values
${AUDIT_LUA}
local names = cjson.decode(ARGV[2])
for _, entry in ipairs(cjson.decode(ARGV[3])) do
  local written = write_audit(KEYS[1], ARGV[1], names, entry[1], entry[2], entry[3])
  if type(written) == 'table' and written.err then return written end
end
return 1
`,
);
