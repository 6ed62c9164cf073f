import { readFileSync } from 'node:fs';

/** The version in package.json, which lies at the root both in a clone and in the installed package. */
export const VERSION: string = readVersion();

function readVersion(): string {
  for (const depth of ['../../package.json', '../../../package.json']) {
    try {
      const text = readFileSync(new URL(depth, import.meta.url), 'utf8');
      const { name, version } = JSON.parse(text) as { name?: string; version?: string };
      if (name === 'tta-agent-fleet' && version !== undefined) return version;
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'ENOENT') throw error;
    }
  }
  return '0.0.0';
}
