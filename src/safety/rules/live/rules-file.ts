import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { readRulesFile } from '../../../../config/safety-data.ts';
import type { SafetyRulesStatus } from '../../../contracts/safety-operations/rules.ts';
import { toIso, type Clock } from '../../../kernel/clock.ts';
import { toFleetError, type FieldProblem } from '../../../kernel/errors.ts';
import type { LiveCompiler, LiveSet } from './live-compiler.ts';
import type { LiveRulesOptions } from './options.ts';

/** Why a document does not hold. */
export type Refusal = NonNullable<SafetyRulesStatus['last_error']>;

const MOST_ERRORS = 100;

export function refusalOf(source: string, errors: readonly FieldProblem[], clock: Clock): Refusal {
  return { at: toIso(clock.now()), source, errors: errors.slice(0, MOST_ERRORS) };
}

/** The file that holds while nothing is stored. */
export class RulesFile {
  readonly #path: string;
  readonly #compiler: LiveCompiler;
  readonly #about: LiveRulesOptions;
  #stamp = '';
  /** Of the file as it was last read; null when it was good. */
  refusal: Refusal | null = null;

  constructor(path: string, compiler: LiveCompiler, about: LiveRulesOptions) {
    this.#path = path;
    this.#compiler = compiler;
    this.#about = about;
  }

  /** The next reading reads it in any case. */
  forget(): void {
    this.#stamp = '';
  }

  /** Its rules when it was written since the last reading; null when it was not, or is faulty. */
  async readIfChanged(): Promise<LiveSet | null> {
    const found = statSync(this.#path, { throwIfNoEntry: false });
    const stamp = found === undefined ? 'absent' : `${found.mtimeMs} ${found.size}`;
    if (stamp === this.#stamp) return null;
    this.#stamp = stamp;
    const source = `file:${basename(this.#path)}`;
    try {
      const rules = await this.#compiler.compile(readRulesFile(this.#path), source);
      const set = await this.#compiler.setOf(rules);
      this.refusal = null;
      return set;
    } catch (error) {
      const { message, problems } = toFleetError(error);
      const { clock, observe, log } = this.#about;
      this.refusal = refusalOf(source, problems ?? [{ path: '', code: 'unreadable', message }], clock);
      observe?.reloaded('rejected');
      log.error({ source, faults: this.refusal.errors.length }, 'a file of rules of safety was refused');
      return null;
    }
  }
}
