import { readFile } from 'node:fs/promises';
import { InvalidArgumentError } from 'commander';
import { FleetError } from '../kernel/errors.ts';

/** A whole number of at least `min` and at most `max`, for commander's option parsing. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`expected a whole number ${min} to ${max}.`);
    }
    return value;
  };
}

/** A positive number of seconds. */
export function seconds(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value <= 0 || value > 86_400) {
    throw new InvalidArgumentError('expected seconds, more than 0 and at most 86400.');
  }
  return value;
}

/** A share, 0 to 1. */
export function share(text: string): number {
  const value = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || value > 1) throw new InvalidArgumentError('expected a share, 0 to 1.');
  return value;
}

/** `--input`: JSON text, `@file`, or `-` for standard input. */
export async function readJsonInput(
  value: string,
  stdin: AsyncIterable<Uint8Array | string>,
): Promise<unknown> {
  const { text, from } = await readSource(value, stdin);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FleetError({
      code: 'input_malformed',
      kind: 'invalid_input',
      message: `${from} is not JSON: ${reason}`,
      cause,
    });
  }
}

async function readSource(
  value: string,
  stdin: AsyncIterable<Uint8Array | string>,
): Promise<{ text: string; from: string }> {
  if (value === '-') return { text: await readAll(stdin), from: 'standard input' };
  if (!value.startsWith('@')) return { text: value, from: '--input' };
  const path = value.slice(1);
  try {
    return { text: await readFile(path, 'utf8'), from: path };
  } catch (cause) {
    throw new FleetError({
      code: 'input_unreadable',
      kind: 'invalid_input',
      message: `cannot read the input file "${path}"`,
      cause,
    });
  }
}

async function readAll(stdin: AsyncIterable<Uint8Array | string>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of stdin) {
    text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
