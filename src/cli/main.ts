import { CommanderError, type Command } from 'commander';
import type { Clock } from '../kernel/clock.ts';
import { isFleetError } from '../kernel/errors.ts';
import { terminalQuestioner } from './confirm.ts';
import { CommandContext, type ContextParts, type GlobalOptions } from './context.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { Output, type TextSink } from './output.ts';
import type { CliPorts } from './ports.ts';
import { buildProgram, type Runner } from './program.ts';
import { printable } from './render/text.ts';
import { watchHangups, watchSignals, type SignalSource } from './signals.ts';

export interface MainDeps {
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  readonly ports: CliPorts;
  /** Where the state of development fleets is kept; default `.ao` in the working folder. */
  readonly stateDir?: string;
  /** Variables the configuration is read from; default: those of the process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Delivers SIGINT, SIGTERM and SIGHUP; without it the command cannot be interrupted. */
  readonly signals?: SignalSource;
  /** Ends the process at once, for the second signal. */
  readonly exit?: (code: number) => void;
  readonly clock?: Clock;
}

/**
 * The command line `ao` as a function: parses `argv` (without node and script), runs one command and resolves
 * with its exit code. It never throws and never ends the process, except through `exit` on a second signal.
 */
export async function main(argv: readonly string[], deps: MainDeps): Promise<number> {
  const interruption = new AbortController();
  const pipe = { isBroken: false };
  deps.stdout.on?.('error', (error) => {
    if (!isBrokenPipe(error)) throw error;
    pipe.isBroken = true;
    interruption.abort(error);
  });
  // Nobody reads the remarks: no reason to stop.
  deps.stderr.on?.('error', (error) => {
    if (!isBrokenPipe(error)) throw error;
  });
  const forget =
    deps.signals &&
    watchSignals(
      deps.signals,
      () => interruption.abort(new Error('interrupted')),
      (code) => deps.exit?.(code),
      deps.clock,
    );
  try {
    const code = await execute(argv, deps, interruption.signal);
    // Whoever read our output has seen enough: not a failure of ours.
    return pipe.isBroken ? EXIT.ok : code;
  } finally {
    forget?.();
  }
}

function hangupsOf({ signals, stdin }: MainDeps): ContextParts['onHangup'] {
  if (signals === undefined || stdin.isTTY === true) return undefined;
  return (listener) => watchHangups(signals, listener);
}

function isBrokenPipe(error: Error): boolean {
  return 'code' in error && error.code === 'EPIPE';
}

async function execute(argv: readonly string[], deps: MainDeps, signal: AbortSignal): Promise<number> {
  // Errors of the option parser come before the options are known.
  let out = new Output(deps.stdout, deps.stderr, {
    json: argv.includes('--json'),
    quiet: argv.includes('--quiet'),
    color: !argv.includes('--no-color'),
  });
  let exitCode: number = EXIT.ok;
  const run: Runner =
    (body) =>
    async (...given) => {
      // Commander calls an action with the arguments, the options and the command.
      const command = given.at(-1) as Command;
      const options = command.optsWithGlobals();
      const globals = options as GlobalOptions;
      out = new Output(deps.stdout, deps.stderr, {
        json: globals.json === true,
        quiet: globals.quiet === true,
        color: globals.color,
      });
      const context = new CommandContext({
        ports: deps.ports,
        out,
        globals,
        questioner: terminalQuestioner(deps.stdin, deps.stderr),
        stdin: deps.stdin,
        stateDir: deps.stateDir ?? '.ao',
        signal,
        env: deps.env,
        onHangup: hangupsOf(deps),
      });
      // The body declares the arguments and options that its own command registers.
      exitCode = await body(context, command.processedArgs as never, options as never);
    };

  const program = buildProgram(run).configureOutput({
    writeOut: (text) => void deps.stdout.write(text),
    writeErr: (text) => void deps.stderr.write(text),
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (signal.aborted) return EXIT.interrupted;
    return report(error, out);
  } finally {
    out.clearStatus();
  }
}

/** Says what went wrong, on stderr and with --json also as the document on stdout. */
function report(error: unknown, out: Output): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.ok;
    // `ao` alone and `ao <group>` alone have printed their help already.
    if (error.code === 'commander.help') return EXIT.usage;
    out.warn(`ao: ${error.message}`);
    document(out, { code: 'usage', message: error.message, exit_code: EXIT.usage });
    return EXIT.usage;
  }
  const exitCode = exitCodeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const code = isFleetError(error) ? error.code : 'internal';
  const problems = isFleetError(error) ? (error.problems ?? []) : [];
  out.warn(`ao: ${printable(message)}`);
  for (const problem of problems) {
    // A message that lists its problems line by line has said them already.
    if (!message.includes(problem.message)) out.warn(`  ${problem.path}: ${printable(problem.message)}`);
  }
  if (!isFleetError(error) && error instanceof Error && error.stack !== undefined) out.note(error.stack);
  document(out, { code, message, ...(problems.length > 0 && { problems }), exit_code: exitCode });
  return exitCode;
}

function document(out: Output, error: Record<string, unknown>): void {
  if (out.json && !out.hasResult) out.result({ error }, []);
}

/**
 * The executable: `main` on the real process, with the arguments of the command line after `first`.
 * The exit code is set rather than forced, so that everything written reaches its reader.
 */
export async function runProcess(first: readonly string[] = []): Promise<void> {
  const { productPorts } = await import('./product-ports.ts');
  process.exitCode = await main([...first, ...process.argv.slice(2)], {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    ports: productPorts,
    signals: process,
    exit: (code) => process.exit(code),
  });
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  // A timer or socket that some library left behind must not hold the terminal.
  setTimeout(() => process.exit(), 200).unref();
}

/** Resolves when everything written has been handed on, or its reader is gone. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed) resolve();
    else stream.write('', () => resolve());
  });
}

if (import.meta.main) await runProcess();
