/**
 * Rules that a back end cannot enforce as they are meant. One of them refuses its whole program: what
 * cannot be expressed is never left out, and never widened.
 */
import type { ContentKey, PeerSet, ProgramRule } from '@weir/calc';
import { hasPorts, isIcmp } from '@weir/net';

/** Who enforces. */
export type BackEnd = 'nftables' | 'iptables' | 'ebpf' | 'hns';

/** What a rule may ask for that not every back end can carry. */
export type RuleFeature = 'excludedProtocol' | 'messages' | 'sourcePorts' | 'excludedNamedPorts';

/** What a back end cannot carry, and why. */
const lacks: Readonly<Record<BackEnd, Readonly<Partial<Record<RuleFeature, string>>>>> = {
  nftables: {},
  iptables: {
    excludedNamedPorts: 'excluded named ports, which sets of ipset cannot hold',
  },
  ebpf: {
    sourcePorts: 'source ports, for which the keys of the policy map have no place',
  },
  hns: {
    excludedProtocol: 'an excluded protocol, which HNS does not have',
    messages: 'messages of ICMP, which HNS does not tell apart',
    sourcePorts: 'source ports, which are not enforced on HNS',
    excludedNamedPorts: 'excluded named ports, which HNS does not have',
  },
};

/** Whether a back end carries rules of that kind. */
export function carries(backEnd: BackEnd, feature: RuleFeature): boolean {
  return lacks[backEnd][feature] === undefined;
}

/** What the rule asks for that the back end cannot carry, and why. */
export function lackingFeature(rule: ProgramRule, peerSets: ReadonlyMap<ContentKey, PeerSet>, backEnd: BackEnd): string | undefined {
  return featuresOf(rule, peerSets)
    .map((feature) => lacks[backEnd][feature])
    .find((words) => words !== undefined);
}

/** Why the back end cannot enforce a rule, whatever its action; undefined when it can. */
export function refusalOfRule(rule: ProgramRule, peerSets: ReadonlyMap<ContentKey, PeerSet>, backEnd: BackEnd): string | undefined {
  const wrong = contradiction(rule) ?? ownEndRefusal(rule) ?? peerRefusal(rule, peerSets);
  if (wrong !== undefined) return `rule ${rule.id} ${wrong}`;
  const lacking = lackingFeature(rule, peerSets, backEnd);
  return lacking === undefined ? undefined : `rule ${rule.id} has ${lacking}`;
}

function featuresOf(rule: ProgramRule, peerSets: ReadonlyMap<ContentKey, PeerSet>): RuleFeature[] {
  return [
    ...(rule.notProtocol === undefined ? [] : ['excludedProtocol' as const]),
    ...(rule.ports !== undefined && rule.protocol !== undefined && isIcmp(rule.protocol) ? ['messages' as const] : []),
    ...(asksSourcePorts(rule) ? ['sourcePorts' as const] : []),
    ...(excludesNamedPorts(rule, peerSets) ? ['excludedNamedPorts' as const] : []),
  ];
}

/** Whether the rule asks which port a packet comes from, by number or by the names of peers. */
export function asksSourcePorts({ peer, sourcePorts }: ProgramRule): boolean {
  return sourcePorts !== undefined || peer.some(({ port }) => port === 'source');
}

/** Whether the rule leaves out ports that peers bring along. */
export function excludesNamedPorts({ peer }: ProgramRule, peerSets: ReadonlyMap<ContentKey, PeerSet>): boolean {
  return peer.some(({ set, negated }) => negated && peerSets.get(set)?.kind === 'addressPort');
}

function contradiction({ protocol, notProtocol, ports, sourcePorts }: ProgramRule): string | undefined {
  if (protocol !== undefined && notProtocol !== undefined) return 'asks for one protocol and excludes another';
  const carriesPorts = protocol !== undefined && hasPorts(protocol);
  const carriesMessages = protocol !== undefined && isIcmp(protocol);
  if (ports !== undefined && !carriesPorts && !carriesMessages) return 'has ports, but no protocol with ports';
  if (sourcePorts !== undefined && !carriesPorts) return 'has source ports, but no protocol with ports';
  return undefined;
}

/** Programs of pods have no such rules, and those of hosts are told by the peer alone. */
function ownEndRefusal({ local }: ProgramRule): string | undefined {
  return local === undefined ? undefined : 'asks for addresses at its own end, which is not enforced for host endpoints';
}

function peerRefusal({ peer, protocol, ports, sourcePorts }: ProgramRule, peerSets: ReadonlyMap<ContentKey, PeerSet>): string | undefined {
  for (const { set: key, negated, port } of peer) {
    const set = peerSets.get(key);
    if (set === undefined) return `refers to a peer set that is not there: ${key}`;
    if (set.kind !== 'addressPort') continue;
    if (protocol === undefined || !hasPorts(protocol)) return 'has named ports, but no protocol with ports';
    if (!negated && (port === 'source' ? sourcePorts : ports) !== undefined) return 'has named ports and must have no other ones';
  }
  return undefined;
}
