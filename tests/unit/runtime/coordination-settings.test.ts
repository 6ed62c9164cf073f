import { expect, test } from 'vitest';
import { loadConfig } from '../../../config/load.ts';
import { messagingOptions } from '../../../src/runtime/coordination-settings.ts';

test('agents of a fleet wait five seconds for an answer, or as long as messaging.message_timeout says', () => {
  expect(messagingOptions(loadConfig({ env: {} })).messageTimeoutMs).toBe(5000);
  const longer = loadConfig({ env: { AO_MESSAGING__MESSAGE_TIMEOUT: '2m' } });
  expect(messagingOptions(longer).messageTimeoutMs).toBe(120_000);
  for (const wrong of ['0', '301', 'soon']) {
    expect(() => loadConfig({ env: { AO_MESSAGING__MESSAGE_TIMEOUT: wrong } })).toThrow(
      'messaging.message_timeout',
    );
  }
});
