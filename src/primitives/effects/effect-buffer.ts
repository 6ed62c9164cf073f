import { isAbsolute, normalize } from 'node:path/posix';
import { isDeepStrictEqual } from 'node:util';
import { FleetError } from '../../kernel/errors.ts';
import type { Effect, StepEffects } from './effect.ts';

const KEY_NAME = /^[A-Za-z0-9][\w.:-]{0,199}$/;
const COMPENSATOR_NAME = /^[a-zA-Z][\w-]{0,63}$/;
const MAX_EFFECTS = 100;
const MAX_BYTES = 256 * 1024;
const MAX_TTL_SECONDS = 31_536_000;

/** The effects of one attempt of a step, in order. Nothing happens here: they are applied with its result. */
export class EffectBuffer implements StepEffects {
  readonly #list: Effect[] = [];
  readonly #refusal: string | undefined;
  #isSealed = false;

  /** @param refusal  why this step may have no effects */
  constructor(refusal?: string) {
    this.#refusal = refusal;
  }

  /** Ends the attempt: what its handler still asks for later is refused. */
  seal(): readonly Effect[] {
    this.#isSealed = true;
    return this.#list;
  }

  setKey(name: string, value: string, options: { readonly ttlSeconds?: number } = {}): void {
    const { ttlSeconds } = options;
    if (typeof value !== 'string') throw refused(`the value of key "${name}" is no text`);
    checkSize(Buffer.byteLength(value), `the value of key "${name}"`);
    if (
      ttlSeconds !== undefined &&
      !(Number.isFinite(ttlSeconds) && ttlSeconds > 0 && ttlSeconds <= MAX_TTL_SECONDS)
    ) {
      throw refused(
        `key "${name}" cannot live ${ttlSeconds} s: expected more than 0, up to ${MAX_TTL_SECONDS}`,
      );
    }
    const ttlMs = ttlSeconds === undefined ? null : Math.ceil(ttlSeconds * 1000);
    this.#add({ kind: 'redis_key', name: keyName(name), value, ttlMs });
  }

  deleteKey(name: string): void {
    this.#add({ kind: 'redis_key', name: keyName(name), value: null, ttlMs: null });
  }

  writeFile(file: string, content: string | Uint8Array): void {
    const bytes = Buffer.from(content);
    checkSize(bytes.length, `file "${file}"`);
    this.#add({ kind: 'file', file: relativeFile(file), content: bytes });
  }

  onRollback(compensator: string, args: unknown = null): void {
    if (!COMPENSATOR_NAME.test(compensator)) {
      throw refused(`"${compensator}" is no name: expected a letter, then up to 63 of A-Z a-z 0-9 _ -`);
    }
    const text = JSON.stringify(args) as string | undefined;
    if (text === undefined || !isDeepStrictEqual(JSON.parse(text), args)) {
      throw refused(`the arguments of compensator "${compensator}" would not survive JSON`);
    }
    checkSize(Buffer.byteLength(text), `the arguments of compensator "${compensator}"`);
    this.#add({ kind: 'compensator', name: compensator, args: JSON.parse(text) });
  }

  #add(effect: Effect): void {
    if (this.#refusal !== undefined) throw refused(this.#refusal);
    if (this.#isSealed) throw refused('the attempt is over: nothing more can be added to it');
    if (this.#list.length >= MAX_EFFECTS) throw refused(`a step may have at most ${MAX_EFFECTS} effects`);
    this.#list.push(effect);
  }
}

function keyName(name: string): string {
  if (KEY_NAME.test(name)) return name;
  throw refused(
    `"${name}" is no name of a key: expected a letter or digit, then up to 199 of A-Z a-z 0-9 _ . : -`,
  );
}

/** A path that stays below its root however it is read; links are looked at where it is written. */
function relativeFile(file: string): string {
  const isPlain = file !== '' && !file.includes('\\') && !file.includes('\0') && !isAbsolute(file);
  const plain = normalize(file);
  if (
    isPlain &&
    plain === file &&
    plain !== '.' &&
    !plain.split('/').includes('..') &&
    !plain.endsWith('/')
  ) {
    return plain;
  }
  throw refused(`"${file}" is no relative path of a file below the folder`);
}

function checkSize(bytes: number, what: string): void {
  if (bytes > MAX_BYTES) throw refused(`${what} takes ${bytes} bytes; at most ${MAX_BYTES} are kept`);
}

export function refused(message: string): FleetError {
  return new FleetError({ code: 'effect_refused', kind: 'invalid_input', retryable: false, message });
}
