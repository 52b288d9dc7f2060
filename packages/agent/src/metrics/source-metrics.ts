/** Metrics of the connection to the API server. */
import type { SourceContact } from '../sources/sources.ts';
import { byLabel, counter, gauge, type MetricFamily } from './metric-family.ts';

/** All of them. */
export function sourceMetrics(synced: boolean, contacts: readonly SourceContact[]): readonly MetricFamily[] {
  const each = (value: (contact: SourceContact) => number): Record<string, number> =>
    Object.fromEntries(contacts.map((contact) => [contact.kind, value(contact)]));
  return [
    gauge('weir_synced', 'Whether everything has been read from the API server once.', synced),
    gauge(
      'weir_watch_connected',
      'Whether the last thing heard of the API server was good.',
      byLabel(
        'kind',
        each(({ connected }) => Number(connected)),
      ),
    ),
    counter(
      'weir_watch_reconnects_total',
      'Watches after the first.',
      byLabel(
        'kind',
        each(({ watches }) => Math.max(0, watches - 1)),
      ),
    ),
    counter(
      'weir_watch_failures_total',
      'Lists and watches that failed.',
      byLabel(
        'kind',
        each(({ failures }) => failures),
      ),
    ),
    gauge(
      'weir_watch_silence_seconds',
      'Since anything was heard by the watch; a quiet cluster sends a bookmark about once a minute.',
      byLabel(
        'kind',
        each(({ silentMs }) => silentMs / 1_000),
      ),
    ),
  ];
}
