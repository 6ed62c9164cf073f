import type { BreakerView } from '../../contracts/breaker.ts';
import type { Paint } from './paint.ts';
import { renderTable } from './table.ts';

export function breakerTable(
  breakers: readonly BreakerView[],
  out: { width: number; paint: Paint },
): string[] {
  const rows = breakers.map((breaker) => {
    const { calls } = breaker.counters;
    return [
      breaker.name,
      breaker.config.enabled ? breaker.state : `${breaker.state} (off)`,
      breaker.failures,
      breaker.retry_after_ms === null ? null : `${(breaker.retry_after_ms / 1000).toFixed(1)} s`,
      calls.success,
      calls.failure + calls.timeout,
      calls.rejected,
      breaker.state_changed_at,
    ];
  });
  return renderTable(
    [
      { header: 'circuit', isFlexible: true },
      { header: 'state' },
      ...['failures', 'tried again in', 'succeeded', 'failed', 'rejected'].map((header) => ({
        header,
        align: 'right' as const,
      })),
      { header: 'since' },
    ],
    rows,
    {
      width: out.width,
      style: (line, row) => {
        if (row < 0) return out.paint.bold(line);
        return breakers[row]!.state === 'closed' ? line : out.paint.red(line);
      },
    },
  );
}

export function breakerLines(breaker: BreakerView): string[] {
  const line = (label: string, value: string | number) => `${label.padEnd(28)}${value}`;
  const yes = (is: boolean) => (is ? 'yes' : 'no');
  const { calls, transitions, state_seconds: seconds } = breaker.counters;
  return [
    line('circuit', breaker.name),
    line('state', breaker.state),
    line('since', breaker.state_changed_at ?? '-'),
    line('first opened', breaker.first_opened_at ?? '-'),
    line(
      'tried again in',
      breaker.retry_after_ms === null ? '-' : `${(breaker.retry_after_ms / 1000).toFixed(1)} s`,
    ),
    line('failures in a row', breaker.failures),
    line('trial calls', `${breaker.trials} under way, ${breaker.successes} succeeded`),
    line('recovery overdue', yes(breaker.recovery_overdue)),
    line('degraded', yes(breaker.degraded)),
    ...Object.entries(calls).map(([outcome, n]) => line(`calls: ${outcome}`, n)),
    ...Object.entries(transitions).map(([which, n]) => line(which.replace('>', ' > '), n)),
    ...Object.entries(seconds).map(([state, s]) => line(`time ${state}`, `${s.toFixed(0)} s`)),
    ...Object.entries(breaker.config).map(([key, value]) => line(key, String(value ?? '-'))),
  ];
}
