/**
 * Verdicts as tuples that do not overlap: the kernel asks a set whether a packet is in it, so where some
 * protocols or ports are said something else, all the others are listed, as ranges.
 */
import { addToGroup, type PortRange, type ProtocolNumber } from '@weir/net';
import type { PortVerdict } from '../programs/resolve-verdicts.ts';
import type { Tuple } from './element.ts';

const lastPort = 65_535;
const lastProtocol = 255;

/** The packets whose verdict is one of those, in as few tuples as may be. */
export function tuplesOfVerdicts(verdicts: readonly PortVerdict[], isMeant: (verdict: PortVerdict['verdict']) => boolean): Tuple[] {
  const rest = verdicts.find(({ protocol }) => protocol === undefined)?.verdict;
  const byProtocol = new Map<ProtocolNumber, PortVerdict[]>();
  for (const each of verdicts) {
    if (each.protocol === undefined) continue;
    addToGroup(byProtocol, each.protocol, each);
  }
  const isRestMeant = rest !== undefined && isMeant(rest);
  if (byProtocol.size === 0) return isRestMeant ? [{ rule: rest.rule }] : [];
  const tuples: Tuple[] = [];
  for (const [protocol, own] of byProtocol) {
    for (const { ports, sourcePorts, verdict } of own)
      if (isMeant(verdict)) tuples.push({ protocol, ports, sourcePorts, rule: verdict.rule });
    if (!isRestMeant) continue;
    for (const ports of portsBetween(own)) tuples.push({ protocol, ports, rule: rest.rule });
  }
  if (isRestMeant) for (const protocols of protocolsBetween([...byProtocol.keys()])) tuples.push({ protocols, rule: rest.rule });
  return tuples;
}

/** The ports that none of the verdicts of one protocol is about. */
function portsBetween(verdicts: readonly PortVerdict[]): PortRange[] {
  if (verdicts.some(({ ports }) => ports === undefined)) return [];
  const taken = verdicts.flatMap(({ ports }) => ports ?? []).sort((a, b) => a.first - b.first);
  return gaps(taken, lastPort);
}

function protocolsBetween(protocols: readonly ProtocolNumber[]): { readonly first: ProtocolNumber; readonly last: ProtocolNumber }[] {
  const taken = [...protocols].sort((a, b) => a - b).map((protocol) => ({ first: protocol, last: protocol }));
  return gaps(taken, lastProtocol);
}

/** What of the numbers up to `last` is in none of the ranges, which are in order and do not overlap. */
function gaps(ranges: readonly { readonly first: number; readonly last: number }[], last: number): { first: number; last: number }[] {
  const between: { first: number; last: number }[] = [];
  let next = 0;
  for (const range of ranges) {
    if (range.first > next) between.push({ first: next, last: range.first - 1 });
    next = range.last + 1;
  }
  if (next <= last) between.push({ first: next, last });
  return between;
}
