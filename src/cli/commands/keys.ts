import { createHash, randomBytes } from 'node:crypto';
import { InvalidArgumentError } from 'commander';
import { ROLES, type Role } from '../../contracts/caller.ts';
import { nearest } from '../../kernel/suggest.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { Register } from '../program.ts';

const SECRET_BYTES = 32;

interface GenerateOptions {
  readonly id: string;
  readonly roles: readonly Role[];
}

export const registerKeys: Register = (program, run) => {
  const group = program.command('keys').description('keys of the HTTP API');
  group
    .command('generate')
    .description('make a key; the secret is shown this once, the configuration holds only its hash')
    .requiredOption('--id <id>', 'who will use it: letters, digits, "." or "-"', keyId)
    .requiredOption('--roles <roles>', `comma list of ${ROLES.join(', ')}`, roleList)
    .action(run<[], GenerateOptions>(generate));
};

async function generate(context: CommandContext, _: [], { id, roles }: GenerateOptions): Promise<number> {
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const sha256 = createHash('sha256').update(secret).digest('hex');
  const key = `ao_${id}_${secret}`;
  context.out.note(
    'This is the only time the key is shown. Add the lines below it to the configuration file.',
  );
  context.out.result({ key, id, roles, sha256 }, [
    key,
    '',
    'auth:',
    '  api_keys:',
    `    - id: ${JSON.stringify(id)}`,
    `      sha256: ${sha256}`,
    `      roles: [${roles.join(', ')}]`,
  ]);
  return EXIT.ok;
}

/** No `_`: a key is written `ao_<id>_<secret>` and the secret may contain one. */
function keyId(text: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$/.test(text)) {
    throw new InvalidArgumentError('expected 1 to 64 letters, digits, "." or "-".');
  }
  return text;
}

function roleList(text: string): Role[] {
  const roles = new Set<Role>();
  for (const word of text.split(',').map((part) => part.trim())) {
    const role = ROLES.find((known) => known === word);
    if (role === undefined) {
      const suggestion = nearest(word, ROLES);
      const hint = suggestion === undefined ? '' : `; did you mean "${suggestion}"?`;
      throw new InvalidArgumentError(`"${word}" is none of ${ROLES.join(', ')}${hint}`);
    }
    roles.add(role);
  }
  return [...roles];
}
