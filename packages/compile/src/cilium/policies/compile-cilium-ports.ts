/** What a rule lets through or stops, whoever it comes from: protocols with their ports, and messages of ICMP. */

import type { Match, Side } from '@weir/model';
import { type PortRange, type ProtocolNumber, protocolNumber, unionOfPortRanges } from '@weir/net';
import type { CiliumIcmpField, CiliumPort } from '../objects/cilium-policy.ts';
import { readCiliumPort, readCiliumProtocol } from '../objects/cilium-port.ts';
import type { CiliumRule } from '../objects/cilium-rule.ts';
import { icmpTypeOf } from '../objects/icmp-types.ts';

/** One alternative; without members it is everything. */
export interface CiliumTraffic extends Pick<Match, 'protocol' | 'icmp' | 'family'> {
  readonly destination: Pick<Side, 'ports' | 'namedPorts'>;
}

/** The alternatives of a rule; none when its lists name nothing. */
export function compileCiliumTraffic({ toPorts = [], icmps = [] }: CiliumRule): readonly CiliumTraffic[] {
  if (toPorts.length === 0 && icmps.length === 0) return [{ destination: {} }];
  return [...compilePorts(toPorts.flatMap(({ ports = [] }) => ports)), ...icmps.flatMap(({ fields = [] }) => fields).map(compileIcmp)];
}

interface PortsOfProtocol {
  readonly ranges: PortRange[];
  readonly names: Set<string>;
  isAll: boolean;
}

/** One alternative for each protocol, in order of appearance. */
function compilePorts(ports: readonly CiliumPort[]): CiliumTraffic[] {
  const byProtocol = new Map<ProtocolNumber, PortsOfProtocol>();
  for (const port of ports) {
    for (const protocol of readCiliumProtocol(port.protocol) ?? []) {
      const found = byProtocol.get(protocol) ?? { ranges: [], names: new Set(), isAll: false };
      byProtocol.set(protocol, found);
      addPort(found, port);
    }
  }
  return [...byProtocol].map(([protocol, { ranges, names, isAll }]) => ({
    protocol,
    destination: isAll
      ? {}
      : {
          ...(ranges.length === 0 ? {} : { ports: unionOfPortRanges(ranges) }),
          ...(names.size === 0 ? {} : { namedPorts: [...names].sort() }),
        },
  }));
}

function addPort(found: PortsOfProtocol, { port = '', endPort = 0 }: CiliumPort): void {
  const read = readCiliumPort(port);
  if (read === undefined) throw new Error(`validation let the port ${port} through`);
  if ('name' in read) found.names.add(read.name);
  // An end below the port is no range for Cilium.
  else if (read.number > 0) found.ranges.push({ first: read.number, last: Math.max(read.number, endPort) });
  else if (endPort > 0) found.ranges.push({ first: 0, last: endPort });
  else found.isAll = true;
}

function compileIcmp({ family = 'IPv4', type = '' }: CiliumIcmpField): CiliumTraffic {
  const number = icmpTypeOf(type, family);
  if (number === undefined) throw new Error(`validation let the ICMP type ${type} through`);
  return {
    protocol: family === 'IPv6' ? protocolNumber.ICMPv6 : protocolNumber.ICMP,
    family: family === 'IPv6' ? 6 : 4,
    icmp: { type: number },
    destination: {},
  };
}
