/**
 * A packet's way through the hooks of the nodes that it passes, with the host endpoints of Calico at their interfaces:
 * written from the description of Felix's static chains (raw, mangle, filter) and its truth tables.
 *
 * Every node has one wire, `eth0`, with all addresses of the node, and one interface for each pod. The first packet of a
 * flow only. What raw or mangle accept is marked, and a marked packet is not asked about again until it leaves.
 */
import { blockHolds, readAddress } from '../address-number.ts';
import { addressKey, nodeAddresses, type ResolvedEnd } from '../inhabitants.ts';
import { asBlock } from './calico-identities.ts';
import type { CalicoWorld, HostEndpointObject } from './calico-objects.ts';
import type { CalicoQuestion } from './calico-rule.ts';
import type { CalicoTiers, Direction, Family } from './calico-tiers.ts';

/** By what a packet comes to a node, or leaves it. */
type Way = 'wire' | 'pod' | 'process';

type Word = 'Accept' | 'Drop' | 'Return';

interface NodeHost {
  readonly addresses: ReadonlySet<string>;
  /** "One HEP per interface, lowest HEP name wins; matched by interfaceName, else expectedIPs"; else that for `*`. */
  readonly ofWire: HostEndpointObject | undefined;
  /** "`*` also covers workload-interface traffic for applyOnForward and preDNAT." */
  readonly ofPods: HostEndpointObject | undefined;
}

/** "in tcp 22,179,2379,2380,5473,6443,6666,6667, udp 68; out udp 53,67, tcp 179,2379,2380,5473,6443,6666,6667" */
const failsafes: Readonly<Record<Direction, readonly string[]>> = {
  ingress: ['TCP/22', 'TCP/179', 'TCP/2379', 'TCP/2380', 'TCP/5473', 'TCP/6443', 'TCP/6666', 'TCP/6667', 'UDP/68'],
  egress: ['UDP/53', 'UDP/67', 'TCP/179', 'TCP/2379', 'TCP/2380', 'TCP/5473', 'TCP/6443', 'TCP/6666', 'TCP/6667'],
};

/** Follows packets in one world. */
export class HostPath {
  readonly #tiers: CalicoTiers;
  readonly #nodes: readonly NodeHost[];
  readonly #action: Word;
  readonly #input: 'Accept' | 'Drop';

  constructor(
    { nodes = [], hostEndpoints = [], endpointToHostAction = 'Accept', kernelInput = 'Accept' }: CalicoWorld,
    tiers: CalicoTiers,
  ) {
    this.#tiers = tiers;
    this.#action = endpointToHostAction;
    this.#input = kernelInput;
    const sorted = [...hostEndpoints].sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1));
    this.#nodes = nodes.map((node) => {
      const name = node.metadata.name ?? '';
      const own = sorted.filter(({ spec }) => spec.node === name);
      const texts = nodeAddresses(node);
      const isWire = ({ spec: { interfaceName = '', expectedIPs = [] } }: HostEndpointObject): boolean =>
        interfaceName === 'eth0' ||
        (interfaceName === '' && expectedIPs.some((ip) => texts.some((text) => blockHolds(asBlock(ip), readAddress(text)))));
      const ofPods = own.find(({ spec }) => spec.interfaceName === '*');
      return { addresses: new Set(texts.map((text) => addressKey(readAddress(text)))), ofPods, ofWire: own.find(isWire) ?? ofPods };
    });
  }

  /** Whether all nodes on the way let it through, apart from what the pods' own policies say. */
  allows(question: CalicoQuestion): boolean {
    const { source, destination } = question;
    const from = this.#nodeOf(source);
    const to = this.#nodeOf(destination);
    if (from !== undefined && from === to) {
      // A process of the node reaches the node and its pods over no interface of a host endpoint.
      return source.pod === undefined || this.#through(from, 'pod', destination.pod === undefined ? 'process' : 'pod', question);
    }
    const leaves = from === undefined || this.#through(from, source.pod === undefined ? 'process' : 'pod', 'wire', question);
    return leaves && (to === undefined || this.#through(to, 'wire', destination.pod === undefined ? 'process' : 'pod', question));
  }

  #nodeOf({ address, pod }: ResolvedEnd): NodeHost | undefined {
    const keys = pod?.nodeAddresses ?? new Set([addressKey(address)]);
    return this.#nodes.find(({ addresses }) => [...keys].some((key) => addresses.has(key)));
  }

  #through(node: NodeHost, comesBy: Way, leavesBy: Way, question: CalicoQuestion): boolean {
    if (comesBy === 'process') return this.#output(node, question);
    let isMarked = false;
    // raw PREROUTING, then mangle PREROUTING
    const early: readonly Family[] = comesBy === 'wire' ? ['doNotTrack', 'preDNAT'] : ['preDNAT'];
    const host = comesBy === 'wire' ? node.ofWire : node.ofPods;
    for (const family of early) {
      if (isMarked || host === undefined || isFailsafe('ingress', question)) continue;
      const { decision } = this.#tiers.ask({ host, family }, 'ingress', question);
      if (decision === 'Deny') return false;
      isMarked = decision === 'Allow';
    }
    if (leavesBy === 'process') return comesBy === 'pod' ? this.#podToHost() : isMarked || this.#ends(host, 'ingress', question);
    // filter FORWARD: from the host endpoint where nothing is marked, to the host endpoint in any case
    const isIn = isMarked || this.#isForwarded(host, 'ingress', question);
    return isIn && this.#isForwarded(leavesBy === 'wire' ? node.ofWire : node.ofPods, 'egress', question);
  }

  /** raw OUTPUT, then filter OUTPUT */
  #output({ ofWire }: NodeHost, question: CalicoQuestion): boolean {
    if (ofWire === undefined) return true;
    const raw = isFailsafe('egress', question) ? undefined : this.#tiers.ask({ host: ofWire, family: 'doNotTrack' }, 'egress', question);
    if (raw?.decision === 'Deny') return false;
    return raw?.decision === 'Allow' || this.#ends(ofWire, 'egress', question);
  }

  /** "No policy and no profile: deny"; the only profile of these worlds allows everything, and "a missing profile is deny-all". */
  #ends(host: HostEndpointObject | undefined, direction: Direction, question: CalicoQuestion): boolean {
    if (host === undefined || isFailsafe(direction, question)) return true;
    const { decision } = this.#tiers.ask({ host, family: 'normal' }, direction, question);
    return decision === undefined ? host.spec.profiles?.[0] === 'projectcalico-default-allow' : decision === 'Allow';
  }

  /** "If no applyOnForward policy applies, forwarded traffic is allowed." */
  #isForwarded(host: HostEndpointObject | undefined, direction: Direction, question: CalicoQuestion): boolean {
    if (host === undefined) return true;
    const { isGoverned, decision } = this.#tiers.ask({ host, family: 'applyOnForward' }, direction, question);
    return !isGoverned || decision === 'Allow';
  }

  /** "Egress policy, then DefaultEndpointToHostAction": a normal policy of `*` is not asked. */
  #podToHost(): boolean {
    if (this.#action === 'Return') return this.#input === 'Accept';
    return this.#action === 'Accept';
  }
}

function isFailsafe(direction: Direction, { flow: { protocol, port } }: CalicoQuestion): boolean {
  return failsafes[direction].includes(`${protocol}/${port ?? ''}`);
}
