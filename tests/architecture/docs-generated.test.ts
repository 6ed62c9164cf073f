import { expect, test } from 'vitest';
import { GENERATED_DOCS } from '../../scripts/docs/generated.ts';
import { documentedRoutes } from '../../scripts/docs/http.ts';
import { describeConfig } from '../../config/describe.ts';
import { METRIC_CATALOGUE, METRIC_PREFIX } from '../../src/observability/metric-catalogue.ts';
import { readDoc } from './markdown.ts';

test.for(Object.keys(GENERATED_DOCS))('%s is what the code says; if not: npm run docs', async (path) => {
  expect(readDoc(path)).toBe(await GENERATED_DOCS[path]!());
});

// The generators could agree with themselves and still leave something out.
test('metrics, settings and routes are all in', () => {
  for (const { name } of METRIC_CATALOGUE)
    expect(readDoc('docs/metrics.md')).toContain(`| \`${METRIC_PREFIX}${name}\` |`);
  for (const { key, env } of describeConfig())
    expect(readDoc('docs/config.md')).toContain(`| \`${key}\`<br>\`${env}\` |`);
  const http = readDoc('docs/http.md');
  for (const { method, paths } of documentedRoutes()) {
    expect(http).toContain(`| \`${method.toUpperCase()} ${paths[0]}\``);
    for (const alias of paths.slice(1)) expect(http).toContain(`<br>also \`${alias}\``);
  }
  expect(documentedRoutes().length).toBeGreaterThan(15);
});
