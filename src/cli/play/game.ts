import { LOCAL_OPERATOR } from '../../contracts/caller.ts';
import { OrchestrationResponse } from '../../contracts/turn.ts';
import { isFleetError } from '../../kernel/errors.ts';
import { EXIT, exitCodeOf } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import type { CliOperations } from '../ports.ts';
import { printable, wrap } from '../render/text.ts';
import { careLines } from './care-lines.ts';
import { readLines, type EnteredLine, type LineReader } from './line-reader.ts';
import { playTurn } from './play-turn.ts';

// The life of a game:
// 1. What was told last in the session is told again, if there is anything.
// 2. A line is read: a command, the number of a choice, or what the player does.
// 3. It is played; Ctrl-C cancels the turn and leads back to 2.
// 4. /quit, the end of the input, or Ctrl-C twice end it. A script ends with the first turn that fails.

const SAFETY =
  'If you are in danger or thinking of harming yourself, please contact your local emergency services, or somebody you trust, now.';
const COMMANDS = '/path shows or hides the way of each turn through the agents, /quit leaves';

export interface GameParts {
  readonly operations: CliOperations;
  readonly sessionId: string;
  readonly stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  readonly out: Output;
  readonly signal: AbortSignal;
  readonly showsPath: boolean;
}

type Choices = OrchestrationResponse['next_actions'];

/** Plays until the player leaves. @returns the exit code */
export async function playGame(parts: GameParts): Promise<number> {
  const { operations, sessionId, out, signal } = parts;
  let showsPath = parts.showsPath;
  let place: string | undefined;
  let choices: Choices = [];
  let turn: AbortController | undefined;
  let interrupts = 0;
  const left = new AbortController();
  using reader = readLines(parts.stdin, out, () => {
    if (turn !== undefined) {
      turn.abort(new Error('interrupted'));
    } else if (reader.clearLine()) {
      interrupts = 0;
    } else if (++interrupts > 1) {
      left.abort();
    } else {
      out.note('\nCtrl-C once more leaves.');
      reader.redraw();
    }
  });
  const asking = AbortSignal.any([signal, left.signal]);

  out.print(out.paint.dim(SAFETY), '');
  out.note(out.paint.dim(COMMANDS));
  const last = await lastAnswer(operations, sessionId);
  if (last !== undefined) {
    out.print(...wrap(last.response_text, out.textWidth));
    ({ choices, place } = offer(last, place, out));
  }

  for (;;) {
    const entered = await nextLine(reader, out, asking);
    if (entered === 'left') return EXIT.interrupted;
    if (entered === null) return EXIT.ok;
    interrupts = 0;
    const line = entered.text.trim();
    if (!entered.isShown && line !== '') out.print('', out.paint.bold(`> ${printable(line)}`));
    if (line === '') continue;
    if (line === '/quit') return EXIT.ok;
    if (line === '/path') {
      showsPath = !showsPath;
      out.note(showsPath ? 'the way of each turn is shown' : 'the way of each turn is hidden');
      continue;
    }
    if (line.startsWith('/')) {
      out.note(`there is no such command: ${COMMANDS}`);
      continue;
    }
    const text = /^\d+$/.test(line) ? (choices[Number(line) - 1]?.text ?? line) : line;
    turn = new AbortController();
    try {
      if (text !== line) out.print(out.paint.dim(`  ${printable(text)}`));
      out.print('');
      const { response, path } = await playTurn(
        operations,
        { sessionId, text },
        { out, signal: AbortSignal.any([signal, turn.signal]), isTold: !out.json },
      );
      if (out.json) out.item(response, '');
      else out.print(...careLines(response, out));
      if (showsPath && response.workflow_metadata.run_id !== null)
        out.print(`${out.paint.dim('·')} ${path.line(out.paint)}`);
      const { degraded_reasons: reasons } = response.workflow_metadata;
      if (reasons.length > 0) out.note(out.paint.dim(`told in a simpler way: ${reasons.join(', ')}`));
      ({ choices, place } = offer(response, place, out));
    } catch (error) {
      if (signal.aborted) throw error;
      if (turn.signal.aborted) {
        out.note('The turn is cancelled.');
      } else if (!reader.isTerminal || !isFleetError(error)) {
        throw error;
      } else {
        out.warn(out.paint.red(troubleText(error.message, exitCodeOf(error))));
      }
    } finally {
      turn = undefined;
    }
  }
}

async function nextLine(
  reader: LineReader,
  out: Output,
  signal: AbortSignal,
): Promise<EnteredLine | null | 'left'> {
  try {
    if (reader.isTerminal) out.print('');
    const line = await reader.next(out.paint.cyan('> '), signal);
    if (line === null && reader.isTerminal) out.print('');
    return line;
  } catch (error) {
    if (!signal.aborted || !reader.isTerminal) throw error;
    out.print('');
    return 'left';
  }
}

/** What the story offers now, printed for a person. */
function offer(
  { next_actions: choices, updated_context: { world_state: world } }: OrchestrationResponse,
  before: string | undefined,
  out: Output,
): { choices: Choices; place: string | undefined } {
  const place = world?.location.name ?? before;
  if (world !== null && place !== before) {
    out.print('', out.paint.dim(printable(`— ${world.location.name}, ${world.location.mood} —`)));
  }
  if (choices.length > 0) out.print('');
  for (const [index, { text }] of choices.entries()) {
    out.print(`  ${out.paint.cyan(String(index + 1))}  ${printable(text)}`);
  }
  return { choices, place };
}

/** The newest answer of the session; nothing when there is no such session, or nothing was told in it. */
async function lastAnswer(
  operations: CliOperations,
  sessionId: string,
): Promise<OrchestrationResponse | undefined> {
  try {
    const { items } = await operations.listTurns(sessionId, { limit: 1 }, LOCAL_OPERATOR);
    const newest = items[0];
    if (newest === undefined) return undefined;
    const { output } = await operations.getRun(newest.run_id, LOCAL_OPERATOR);
    return OrchestrationResponse.safeParse(output).data;
  } catch (error) {
    if (isFleetError(error) && error.kind === 'not_found') return undefined;
    throw error;
  }
}

/** The line itself is not lost: the arrow key brings it back. */
function troubleText(message: string, exitCode: number): string {
  const again = exitCode === 69 ? ' The arrow key brings your line back; try it again in a moment.' : '';
  return `${printable(message)}.${again}`;
}
