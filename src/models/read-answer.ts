import type { LanguageRequest } from './language.ts';
import { repeatsRules, textsIn } from './repeated-rules.ts';

export type ReadAnswer<T> =
  | { readonly ok: true; readonly value: T }
  /** What is wrong, in words for the model. */
  | { readonly ok: false; readonly issues: readonly string[] };

/** Beyond, a text is no answer to anything that is asked here. */
const MOST_CHARACTERS = 200_000;
/** Places at which an object may begin that are looked at, so that a hostile text costs little. */
const MOST_STARTS = 32;

/**
 * The answer in a text, judged by its schema and by the caller.
 *
 * @param isCut  the text ends where the limit of tokens was reached
 */
export function readAnswer<T>(request: LanguageRequest<T>, text: string, isCut: boolean): ReadAnswer<T> {
  const json = extractJson(text);
  if (json === undefined) {
    return { ok: false, issues: [isCut ? 'it was cut off: be shorter' : 'it contains no JSON object'] };
  }
  const parsed = request.output.safeParse(json);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(
      ({ path, message }) => `${path.map(String).join('.') || 'answer'}: ${message}`,
    );
    return { ok: false, issues };
  }
  const issues = [...(request.check?.(parsed.data) ?? [])];
  if (textsIn(parsed.data).some((said) => repeatsRules(said, request.system))) {
    issues.push('it repeats these rules: they are not to be told');
  }
  return issues.length === 0 ? { ok: true, value: parsed.data } : { ok: false, issues };
}

/** The first JSON object in a text that may have prose, thoughts or a code fence around it; undefined: none. */
export function extractJson(text: string): unknown {
  if (text.length > MOST_CHARACTERS) return undefined;
  const said = withoutThoughts(text);
  const whole = objectIn(said);
  if (whole !== undefined) return whole;
  let start = said.indexOf('{');
  for (let tried = 0; start !== -1 && tried < MOST_STARTS; tried++) {
    const end = endOfObject(said, start);
    const found = end === -1 ? undefined : objectIn(said.slice(start, end));
    if (found !== undefined) return found;
    start = said.indexOf('{', start + 1);
  }
  return undefined;
}

/** Some models think aloud before they answer; a thought may not have ended yet. */
export function withoutThoughts(text: string): string {
  return text.replace(/^\s*<think(?:ing)?>[^]*?(?:<\/think(?:ing)?>|$)/i, '');
}

function objectIn(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Behind the brace that closes the one at `start`; -1 when none does. */
function endOfObject(text: string, start: number): number {
  let depth = 0;
  let isText = false;
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (isText) {
      if (char === '\\') at++;
      else if (char === '"') isText = false;
    } else if (char === '"') isText = true;
    else if (char === '{') depth++;
    else if (char === '}' && --depth === 0) return at + 1;
  }
  return -1;
}
