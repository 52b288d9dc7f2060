/** Programs that iptables cannot enforce as a whole. */
import type { ContentKey, PeerSet, Program, ProgramRule } from '@weir/calc';
import { hasPorts } from '@weir/net';

/** Why, or undefined when it can be enforced. */
export function refusalOf(program: Program, peerSets: ReadonlyMap<ContentKey, PeerSet>): string | undefined {
  for (const rule of program.tiers.flatMap(({ rules }) => rules)) {
    const reason = refusalOfRule(rule, peerSets);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function refusalOfRule({ id, peer, protocol, ports }: ProgramRule, peerSets: ReadonlyMap<ContentKey, PeerSet>): string | undefined {
  if (ports !== undefined && (protocol === undefined || !hasPorts(protocol))) return `rule ${id} has ports, but no protocol with ports`;
  for (const { set: key, negated } of peer) {
    const set = peerSets.get(key);
    if (set === undefined) return `rule ${id} refers to a peer set that is not there: ${key}`;
    if (set.kind !== 'addressPort') continue;
    if (negated) return `rule ${id} excludes named ports, which this data plane cannot express`;
    if (protocol === undefined || ports !== undefined) return `rule ${id} has named ports and must have a protocol and no ports`;
  }
  return undefined;
}
