import { paintFor, type ColourSink, type Paint } from './render/paint.ts';

export interface TextSink extends ColourSink {
  write(text: string): unknown;
  readonly columns?: number;
  on?(event: 'error', listener: (error: Error) => void): unknown;
}

export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly color: boolean;
}

/** Columns of lines that nobody sees in a terminal. */
const DEFAULT_WIDTH = 120;
const WIDEST = 160;
/** Longer lines are hard to read. */
const WIDEST_TEXT = 100;

/**
 * The only writer of the CLI. Results go to stdout, everything else to stderr. With `--json`, stdout carries
 * one JSON document per command, or one per line for streams, and never anything else.
 */
export class Output {
  readonly paint: Paint;
  readonly json: boolean;
  readonly quiet: boolean;
  /** Columns a table may take. */
  readonly width: number;
  /** Columns a line of running text may take. */
  readonly textWidth: number;
  /** Columns of the terminal. */
  get columns(): number {
    return this.#stdout.columns ?? DEFAULT_WIDTH;
  }
  /** Whether a line may be drawn over again. */
  readonly isInteractive: boolean;
  /** Whether anything has gone to stdout, so that an error adds no second document. */
  hasResult = false;
  readonly #stdout: TextSink;
  readonly #stderr: TextSink;
  #hasStatus = false;

  constructor(stdout: TextSink, stderr: TextSink, options: OutputOptions) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.json = options.json;
    this.quiet = options.quiet;
    this.paint = paintFor(stdout, options.color && !options.json);
    this.width = Math.min(WIDEST, stdout.isTTY === true ? (stdout.columns ?? DEFAULT_WIDTH) : DEFAULT_WIDTH);
    this.textWidth = Math.min(WIDEST_TEXT, this.width);
    this.isInteractive = stdout.isTTY === true && !options.json;
  }

  /** The command's one result: `document` with --json, else `lines`. */
  result(document: unknown, lines: readonly string[] | (() => readonly string[])): void {
    if (this.json) this.#out(`${JSON.stringify(document)}\n`);
    else this.print(...(typeof lines === 'function' ? lines() : lines));
    this.hasResult = true;
  }

  /** One entry of a stream: a line of NDJSON with --json, else one line of text. */
  item(document: unknown, line: string): void {
    if (this.json) this.#out(`${JSON.stringify(document)}\n`);
    else this.print(line);
    this.hasResult = true;
  }

  /** Text for people on stdout; on stderr when stdout belongs to a JSON document. */
  print(...lines: readonly string[]): void {
    this.clearStatus();
    for (const line of lines) (this.json ? this.#stderr : this.#stdout).write(`${line}\n`);
  }

  /** Like `print`, but text as it comes, without an end of line. */
  write(text: string): void {
    this.clearStatus();
    (this.json ? this.#stderr : this.#stdout).write(text);
  }

  /** Remarks for people; silenced by --quiet. */
  note(line: string): void {
    if (!this.quiet) this.warn(line);
  }

  /** What nobody should miss, even with --quiet. */
  warn(line: string): void {
    this.clearStatus();
    this.#stderr.write(`${line}\n`);
  }

  /** A line that the next one overwrites; only for terminals. */
  status(line: string): void {
    if (!this.isInteractive || this.quiet) return;
    this.#stdout.write(`\r\u001b[2K${line}`);
    this.#hasStatus = true;
  }

  clearStatus(): void {
    if (!this.#hasStatus) return;
    this.#stdout.write('\r\u001b[2K');
    this.#hasStatus = false;
  }

  #out(text: string): void {
    this.#stdout.write(text);
  }
}
