import { FleetError } from '../../kernel/errors.ts';

/** What a phrase is made of. */
export type Node =
  | { readonly kind: 'word'; readonly word: string }
  | { readonly kind: 'class'; readonly name: string }
  | { readonly kind: 'gap'; readonly most: number }
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  | { readonly kind: 'choice'; readonly options: readonly Node[] }
  | { readonly kind: 'optional'; readonly part: Node };

/** Words that a `*` without a number may stand for. */
const GAP = 3;
const MAX_GAP = 8;
const PIECE = /\{[a-z0-9_]+\}|\*\d?|[()[\]|]|[\p{L}\p{N}]+/gu;
/** The same where nothing but ASCII is written, as in nearly all phrases: found in a third of the time. */
const PLAIN_PIECE = /\{[a-z0-9_]+\}|\*\d?|[()[\]|]|[a-z0-9]+/g;
const PLAIN = /^[a-z0-9 {}_()[\]|*]+$/;
const WORDS = /^[a-z0-9]+(?: [a-z0-9]+)*$/;

/**
 * Reads a phrase: words, `{class}`, `(optional words)`, `[one|or another]`, `*` for up to three words of any kind,
 * `*5` for up to five.
 *
 * Errors: safety_data_invalid (invalid_input) naming the phrase
 */
export function parsePhrase(text: string): Node {
  if (WORDS.test(text)) return { kind: 'sequence', parts: text.split(' ').map(wordNode) };
  const isPlain = PLAIN.test(text);
  const spoken = isPlain ? text : text.replaceAll(/['’]/gu, '').replaceAll('-', ' ').toLowerCase();
  const pieces = spoken.match(isPlain ? PLAIN_PIECE : PIECE) ?? [];
  const left = spoken.replaceAll(isPlain ? PLAIN_PIECE : PIECE, '').trim();
  if (pieces.length === 0 || left !== '') throw malformed(text, 'is empty or has an unknown character');
  let at = 0;

  function sequence(closing: string | null): Node {
    const options: Node[] = [];
    let parts: Node[] = [];
    for (;;) {
      const piece = pieces[at++];
      if (piece === undefined) {
        if (closing !== null) throw malformed(text, `lacks a ${closing}`);
        break;
      }
      if (piece === closing) break;
      if (piece === '|') {
        if (closing === null) throw malformed(text, 'has a | outside of [ ]');
        options.push({ kind: 'sequence', parts });
        parts = [];
      } else parts.push(single(piece));
    }
    options.push({ kind: 'sequence', parts });
    return options.length === 1 ? options[0]! : { kind: 'choice', options };
  }

  function single(piece: string): Node {
    if (piece === '(') return { kind: 'optional', part: sequence(')') };
    if (piece === '[') return sequence(']');
    if (piece === ')' || piece === ']') throw malformed(text, `has a ${piece} too many`);
    if (piece.startsWith('{')) return { kind: 'class', name: piece.slice(1, -1) };
    if (piece.startsWith('*')) {
      const most = piece.length > 1 ? Number(piece.slice(1)) : GAP;
      if (most < 1 || most > MAX_GAP) throw malformed(text, `may leave out 1 to ${MAX_GAP} words`);
      return { kind: 'gap', most };
    }
    return wordNode(piece);
  }

  return sequence(null);
}

function wordNode(word: string): Node {
  return { kind: 'word', word };
}

function malformed(text: string, reason: string): FleetError {
  return new FleetError({
    code: 'safety_data_invalid',
    kind: 'invalid_input',
    message: `the phrase "${text}" ${reason}`,
  });
}
