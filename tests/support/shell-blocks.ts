/** One ```sh block of a document. */
export interface ShellBlock {
  /** Why nothing of it is executed, from `<!-- not executed: reason -->` right above it. */
  readonly notExecuted: string | null;
  /** Whole commands: continued lines are joined, a here-document belongs to the command that reads it. */
  readonly commands: readonly string[];
}

const BLOCK = /(?:<!-- not executed: (?<reason>[^\n]+?) -->\n)?^```sh\n(?<body>.*?)^```$/gms;

export function shellBlocks(markdown: string): ShellBlock[] {
  return [...markdown.matchAll(BLOCK)].map(({ groups }) => {
    return { notExecuted: groups?.['reason'] ?? null, commands: commandsOf(groups?.['body'] ?? '') };
  });
}

function commandsOf(body: string): string[] {
  const commands: string[] = [];
  const lines = body.split('\n');
  for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
    let command = line.trim();
    while (command.endsWith('\\')) command = `${command.slice(0, -1).trim()} ${(lines.shift() ?? '').trim()}`;
    const end = /<<-?\s*'?(\w+)'?/.exec(command)?.[1];
    if (end !== undefined) {
      const length = lines.findIndex((inner) => inner.trim() === end) + 1;
      command = [command, ...lines.splice(0, length)].join('\n');
    }
    if (command !== '' && !command.startsWith('#')) commands.push(command);
  }
  return commands;
}
