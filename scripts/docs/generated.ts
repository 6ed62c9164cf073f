import { configDoc } from './config.ts';
import { examplesDoc } from './examples.ts';
import { httpDoc } from './http.ts';
import { metricsDoc } from './metrics.ts';
import { requirementsDoc } from './requirements.ts';

/** Documents that are made from code, and how. */
export const GENERATED_DOCS: Readonly<Record<string, () => string>> = {
  'docs/config.md': configDoc,
  'docs/examples.md': examplesDoc,
  'docs/http.md': httpDoc,
  'docs/metrics.md': metricsDoc,
  'docs/requirements.md': requirementsDoc,
};
