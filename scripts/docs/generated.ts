import { configDoc } from './config.ts';
import { renderCoordinationApi } from './coordination-api.ts';
import { examplesDoc } from './examples.ts';
import { httpDoc } from './http.ts';
import { metricsDoc } from './metrics.ts';
import { requirementsDoc } from './requirements.ts';
import { transcriptDoc } from './transcript.ts';

/** Documents that are made from code, and how. */
export const GENERATED_DOCS: Readonly<Record<string, () => string | Promise<string>>> = {
  'docs/config.md': configDoc,
  'docs/coordination/API.md': renderCoordinationApi,
  'docs/examples.md': examplesDoc,
  'docs/http.md': httpDoc,
  'docs/metrics.md': metricsDoc,
  'docs/requirements.md': requirementsDoc,
  'docs/transcript.md': transcriptDoc,
};
