import { createInterface } from 'node:readline/promises';
import { FleetError } from '../kernel/errors.ts';

export interface Questioner {
  /** True when a person can be asked: input and error output are terminals. */
  readonly isPossible: boolean;
  ask(question: string, signal: AbortSignal): Promise<string>;
}

/**
 * Lets a destructive command pass: with `--yes`, or after a person has typed yes.
 *
 * Errors: confirmation_required (invalid_input) when nobody can be asked, confirmation_declined (cancelled)
 */
export async function confirm(
  what: string,
  options: { yes: boolean; questioner: Questioner; signal: AbortSignal },
): Promise<void> {
  if (options.yes) return;
  if (!options.questioner.isPossible) {
    throw new FleetError({
      code: 'confirmation_required',
      kind: 'invalid_input',
      message: `${what} cannot be undone; add --yes to do it without a question`,
    });
  }
  const answer = await options.questioner.ask(
    `${what}. This cannot be undone. Continue? [y/N] `,
    options.signal,
  );
  if (!/^y(es)?$/i.test(answer.trim())) {
    throw new FleetError({
      code: 'confirmation_declined',
      kind: 'cancelled',
      message: 'declined; nothing was changed',
    });
  }
}

/** Asks on the terminal; the question goes to stderr because stdout belongs to results. */
export function terminalQuestioner(
  stdin: NodeJS.ReadableStream & { isTTY?: boolean },
  stderr: { write(text: string): unknown; isTTY?: boolean },
): Questioner {
  return {
    isPossible: stdin.isTTY === true && stderr.isTTY === true,
    async ask(question, signal) {
      const lines = createInterface({ input: stdin });
      const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
      stderr.write(question);
      try {
        // The end of the input is an answer too, and not a yes.
        return await Promise.race([lines.question('', { signal }), closed]);
      } finally {
        lines.close();
      }
    },
  };
}
