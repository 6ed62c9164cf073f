import { readDoc, tableRows } from './markdown.ts';

export interface DocumentedKey {
  /** The function of keys.ts. */
  readonly name: string;
  /** `<pfx>:wf:runs:<runId>` */
  readonly key: string;
  readonly type: string;
  readonly holds: string;
  readonly lives: string;
}

/** The table of docs/redis-keys.md. */
export function documentedKeys(): DocumentedKey[] {
  return tableRows(readDoc('docs/redis-keys.md')).map(
    ([name = '', key = '', type = '', holds = '', lives = '']) => {
      return { name, key, type, holds, lives };
    },
  );
}
