import { defineScript } from '../../redis/script.ts';

/** Many entries of the audit at once: they come as one text, since nobody waits for any of them. */
export const writeAudit = defineScript(
  'write-audit',
  `
-- KEYS[1] audit stream   ARGV[1] its length   ARGV[2] JSON: a list of entries, each a flat list of texts
for _, entry in ipairs(cjson.decode(ARGV[2])) do
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', unpack(entry))
end
return 1
`,
);
