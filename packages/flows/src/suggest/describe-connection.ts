/** A connection between parties in words. */
import { formatProtocol } from '@weir/net';
import type { ObservedConnection } from './observed-connections.ts';
import { describeParty } from './parties.ts';

/** `shop/web → shop/db TCP/5432, 12 times, 2026-01-31T12:00:00.000Z to 2026-01-31T13:00:00.000Z`. */
export function describeConnection({
  source,
  destination,
  names,
  protocol,
  port,
  icmp,
  family,
  count,
  firstSeen,
  lastSeen,
}: ObservedConnection): string {
  const message = icmp === undefined ? '' : ` ${icmp.type}/${icmp.code}`;
  const traffic = `${formatProtocol(protocol)}${port === undefined ? message : `/${port}`}`;
  // Elsewhere an address says it.
  const over = family === 6 && source.kind === 'pods' && destination.kind === 'pods' ? ' over IPv6' : '';
  const isOnce = firstSeen === undefined || firstSeen === lastSeen;
  const when = lastSeen === undefined ? '' : isOnce ? ` at ${lastSeen}` : `, ${firstSeen} to ${lastSeen}`;
  return `${describeParty(source)} → ${describeParty(destination)}${describeNames(names)} ${traffic}${over}, ${count} ${count === 1 ? 'time' : 'times'}${when}`;
}

/** ` (api.example.com, cdn.example.com)`; nothing where there are none. */
export function describeNames(names: readonly string[] | undefined): string {
  return names === undefined ? '' : ` (${names.join(', ')})`;
}
