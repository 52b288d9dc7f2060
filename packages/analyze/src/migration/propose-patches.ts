/**
 * Patches for policies that mean something else with the new engine: changes after which what was
 * allowed stays allowed, said in NetworkPolicies. What they allow besides is found out by comparing
 * again; what cannot be said in a NetworkPolicy is told with the reason, never bent.
 */
import { compileLabelSelector, compilePodSelector, unsupportedFields } from '@weir/compile';
import { type ChangedFlows, countPairs, type EndClasses, type FlowComparison, policyKey } from '@weir/connectivity';
import { defaultNetworkPolicy, type NetworkPolicy, type NetworkPolicyPeer } from '@weir/kube';
import {
  allOf,
  type Endpoint,
  type EngineProfile,
  enforcementTarget,
  engineProfiles,
  type OperatingSystem,
  type Policy,
  type Rule,
  type Selector,
  selectorMatches,
  systemOfEndpoint,
  unsupportedOn,
} from '@weir/model';
import {
  type AddressRange,
  addressRangesContain,
  cidrRange,
  cidrsOfRange,
  formatAddress,
  formatCidr,
  singleAddressCidr,
  unionOfAddressRanges,
  unreachable,
} from '@weir/net';
import { podKey, type Snapshot } from '@weir/snapshot';
import { migrationTitles, policyOf, type ReasonContext, reasonOf } from './change-causes.ts';
import { listPortNumbers, numbersOnPods, ruleForEachNumber } from './list-port-numbers.ts';
import { type AddedPolicy, type NodeEntity, NodePolicyDraft } from './node-policies.ts';
import { PolicyDraft, type PolicyEdit } from './policy-draft.ts';
import { rangesAround, rewriteUnsupported } from './rewrite-unsupported.ts';
import { peersSelecting } from './select-pods.ts';
import type { ServiceChange } from './service-changes.ts';

/** Something about a policy that no patch can keep. */
interface Unpatched {
  readonly cause: string;
  readonly field?: string;
  readonly reason: string;
}

/** The patch of one policy, or why there is none. */
export interface PolicyPatch {
  readonly namespace: string;
  readonly name: string;
  readonly edits: readonly PolicyEdit[];
  readonly unpatched: readonly Unpatched[];
  /** The whole policy as it is to be applied; absent without edits. */
  readonly patched?: NetworkPolicy;
  /** A policy of the new engine's own kind that is to stand beside it, once that engine runs. */
  readonly added?: AddedPolicy;
}

/** What loses flows, in which cluster. */
export interface LostFlows {
  readonly comparisons: readonly FlowComparison[];
  readonly services: readonly ServiceChange[];
  readonly snapshot: Snapshot;
}

/** Proposes a patch for every policy that loses flows, or keeps clients from a service. */
export function proposePatches({ comparisons, services, snapshot }: LostFlows, context: ReasonContext): PolicyPatch[] {
  const patcher = new Patcher(snapshot, context);
  for (const comparison of comparisons) for (const changed of comparison.changes) patcher.patch(comparison, changed);
  for (const service of services) patcher.patchForService(service);
  return patcher.patches();
}

interface SelectedPods {
  readonly inside: readonly Endpoint[];
  readonly peers: readonly NetworkPolicyPeer[];
}

interface PatchDraft {
  readonly draft: PolicyDraft;
  readonly nodes: NodePolicyDraft;
  readonly unpatched: Unpatched[];
}

class Patcher {
  readonly #snapshot: Snapshot;
  readonly #context: ReasonContext;
  readonly #drafts: Map<string, PatchDraft> = new Map();
  /** Classes of pods that reach their nodes by a rule that a patch added, by family. */
  readonly #reachNodes: Set<string> = new Set();
  readonly #rewritten: Set<string> = new Set();
  readonly #pods: readonly Endpoint[];
  /** As the engine of today reads them, names that are numbers to it among them. */
  readonly #policies: ReadonlyMap<string, Policy>;
  readonly #inside: Map<string, SelectedPods> = new Map();

  constructor(snapshot: Snapshot, context: ReasonContext) {
    this.#snapshot = snapshot;
    this.#context = context;
    this.#pods = snapshot.world.endpoints.filter(({ addresses }) => addresses.length > 0);
    this.#policies = new Map(snapshot.world.tiers.flatMap(({ policies }) => policies.map((policy) => [policyKey(policy), policy])));
  }

  patches(): PolicyPatch[] {
    return [...this.#drafts].flatMap(([key, { draft, nodes, unpatched }]): PolicyPatch[] => {
      const object = this.#context.objects.get(key);
      const added = object === undefined ? undefined : nodes.build(object);
      if (object === undefined || (draft.edits.length === 0 && unpatched.length === 0 && added === undefined)) return [];
      const { namespace = 'default', name = '' } = object.metadata;
      return [
        {
          namespace,
          name,
          edits: draft.edits,
          unpatched,
          ...(draft.edits.length === 0 ? {} : { patched: draft.build() }),
          ...(added === undefined ? {} : { added }),
        },
      ];
    });
  }

  patch(comparison: FlowComparison, changed: ChangedFlows): void {
    if (changed.change === 'gained' || countPairs(comparison, [changed]) === 0) return;
    const key = policyKey(policyOf(changed));
    const object = this.#context.objects.get(key);
    if (object === undefined) return;
    const entry = this.#draftOf(key, object);
    const unpatched = this.#edit(entry, comparison, changed);
    for (const one of unpatched) {
      if (!entry.unpatched.some((other) => JSON.stringify(other) === JSON.stringify(one))) entry.unpatched.push(one);
    }
  }

  /** Lets the clients of a service in that no policy kept out before: a rule in a policy of each kind of its pods. */
  patchForService({ service, comparison, change, clients, backends, protocol, port }: ServiceChange): void {
    if (change === 'gained' || (clients !== 'outside' && !this.#namesNodesByEntity)) return;
    const peers = outsidePeers(comparison.ends, engineProfiles[this.#context.to], this.#context.systems);
    for (const backend of backends) {
      const [pod] = comparison.ends.classes[backend]?.ends ?? [];
      if (pod?.kind !== 'endpoint') continue;
      const policies = comparison.to.selecting(pod.endpoint).flatMap((tier) => tier.policies);
      const policy = policies.find(({ ref, ingress }) => ingress?.isolates === true && this.#context.objects.has(policyKey({ ref })));
      const object = policy === undefined ? undefined : this.#context.objects.get(policyKey(policy));
      if (policy === undefined || object === undefined) continue;
      const entry = this.#draftOf(policyKey(policy), object);
      if (clients !== 'outside') {
        entry.nodes.allow('ingress', { entity: 'remote-node', ports: [{ protocol, port }] });
        continue;
      }
      const what = `lets clients outside reach service ${podKey(service)} at ${protocol} ${port}`;
      if (!entry.draft.edits.some((edit) => edit.what === what))
        entry.draft.addRule('ingress', { peers, ports: [{ protocol, port }] }, what);
    }
  }

  #draftOf(key: string, object: NetworkPolicy): PatchDraft {
    const found = this.#drafts.get(key) ?? { draft: new PolicyDraft(object), nodes: new NodePolicyDraft(), unpatched: [] };
    this.#drafts.set(key, found);
    return found;
  }

  /** Whether nodes are peers by what they are, in policies of the new engine's own kind. */
  get #namesNodesByEntity(): boolean {
    const { ipBlockMatchesNodes, policyApis } = engineProfiles[this.#context.to];
    return !ipBlockMatchesNodes && policyApis.includes('Cilium');
  }

  #edit(entry: PatchDraft, comparison: FlowComparison, changed: ChangedFlows): readonly Unpatched[] {
    const { draft } = entry;
    const { cause, field } = reasonOf(changed, this.#context);
    const unnumbered = this.#numberNames(draft, changed);
    const not = (reason: string): Unpatched[] => [{ cause, ...(field === undefined ? {} : { field }), reason }];
    switch (cause) {
      case 'ipBlock over pods':
        return this.#selectPodsOfBlock(draft, changed) ? [] : not('no label tells the pods from others');
      case 'ipBlock over nodes':
        return this.#allowNodes(entry, changed) ? [] : not('no policy names nodes with that engine');
      case 'own node':
        if (engineProfiles[this.#context.to].ipBlockMatchesNodes) return this.#allowOwnNodes(draft, comparison, changed);
        return this.#allowNodes(entry, changed) ? [] : not('no policy names nodes with that engine');
      case 'IPv6':
      case 'Windows':
        if (changed.difference.kind === 'rule') return this.#rewrite(draft, policyKey(policyOf(changed)));
        return [
          ...this.#rewrite(draft, policyKey(policyOf(changed))),
          ...not(
            `${migrationTitles[this.#context.from]} has never enforced this policy: it will deny what it was written to deny; delete it first to keep that allowed`,
          ),
        ];
      case 'named port':
        return unnumbered === undefined ? [] : not(unnumbered);
      case 'NodePort':
      case 'patch':
      case 'other':
        return not('there is no other way to say it');
      default:
        return unreachable(cause);
    }
  }

  /** Nodes of a block, or the own node, where the new engine has a kind of policy that names them. */
  #allowNodes({ draft, nodes }: PatchDraft, { difference, direction, ownNode }: ChangedFlows): boolean {
    if (!this.#namesNodesByEntity) return false;
    const entity: NodeEntity = ownNode ? 'host' : 'remote-node';
    const ports = difference.kind === 'rule' ? (draft.rulesOf(direction)[difference.rule.origin.ruleIndex]?.ports ?? []) : [];
    nodes.allow(direction, { entity, ports });
    return true;
  }

  #selectPodsOfBlock(draft: PolicyDraft, { difference }: ChangedFlows): boolean {
    if (difference.kind !== 'rule') return false;
    const { direction, ruleIndex, peerIndex = 0 } = difference.rule.origin;
    const { match } = difference.rule;
    const nets = (direction === 'ingress' ? match.source : match.destination).nets ?? [];
    const { inside, peers } = this.#podsInside(nets, draft.namespace);
    const cidr = draft.rulesOf(direction)[ruleIndex]?.peers[peerIndex]?.ipBlock?.cidr ?? 'the block';
    draft.addPeers(direction, ruleIndex, peers, `adds the ${inside.length} pods that ${cidr} holds, by their labels`);
    return peers.length > 0;
  }

  /** The pods with such addresses, and peers that select them in a policy of the namespace; many policies ask for the same. */
  #podsInside(nets: readonly AddressRange[], namespace: string): SelectedPods {
    const key = `${namespace} ${nets.map(({ first, last }) => `${formatAddress(first)}-${formatAddress(last)}`).join()}`;
    let found = this.#inside.get(key);
    if (found === undefined) {
      const inside = this.#pods.filter(({ addresses }) => addresses.some((address) => addressRangesContain(nets, address)));
      this.#inside.set(key, (found = { inside, peers: peersSelecting(inside, this.#pods, namespace) }));
    }
    return found;
  }

  /** Numbers for the port names of an egress rule that the new engine looks up elsewhere; answers why not, when one has none. */
  #numberNames(draft: PolicyDraft, { difference }: ChangedFlows): string | undefined {
    const [from, to] = [engineProfiles[this.#context.from], engineProfiles[this.#context.to]];
    if (difference.kind !== 'rule' || from.egressPortNames === to.egressPortNames) return undefined;
    const { direction, ruleIndex } = difference.rule.origin;
    const destinations = this.#rulesAt(difference.rule).map(({ match }) => match.destination);
    const namedPorts = destinations.flatMap((destination) => destination.namedPorts ?? []);
    const clusterPorts = destinations.flatMap((destination) => destination.clusterPorts ?? []);
    if (direction !== 'egress' || (namedPorts.length === 0 && clusterPorts.length === 0)) return undefined;
    const { peers = [], ports = [] } = draft.rulesOf(direction)[ruleIndex] ?? {};
    const meant = this.#pods.filter((pod) => peers.length === 0 || peers.some((peer) => means(peer, pod, draft.namespace)));
    const failed = ports.flatMap((port, index) => {
      const place = { direction, rule: ruleIndex, index };
      const known = clusterPorts.find(({ name }) => name === port.port);
      if (known?.port !== undefined) return listPortNumbers(draft, place, [known.port]) ?? [];
      const isSeveral = typeof port.port === 'string' && namedPorts.includes(port.port) && numbersOnPods(port, this.#pods).length > 1;
      return isSeveral ? (ruleForEachNumber(draft, place, { meant, pods: this.#pods }) ?? []) : [];
    });
    return failed[0];
  }

  /** All that one rule of an object is in the model: one for each protocol and peer, of which a change names the first that it is about. */
  #rulesAt({ origin }: Rule): readonly Rule[] {
    const policy = this.#policies.get(policyKey({ ref: origin.policy }));
    return (policy?.[origin.direction]?.rules ?? []).filter((rule) => rule.origin.ruleIndex === origin.ruleIndex);
  }

  /** One rule for the addresses of all nodes; in the first of the policies that isolate the same pods. */
  #allowOwnNodes(draft: PolicyDraft, { ends }: FlowComparison, { blocks }: ChangedFlows): readonly Unpatched[] {
    const owners = blocks.flatMap(({ sources }) => sources.map((owner) => `${ends.family} ${owner}`));
    if (owners.every((owner) => this.#reachNodes.has(owner))) return [];
    for (const owner of owners) this.#reachNodes.add(owner);
    const ranges = unionOfAddressRanges(
      this.#snapshot.nodes.flatMap(({ addresses }) =>
        addresses.filter(({ family }) => family === ends.family).map((address) => cidrRange(singleAddressCidr(address))),
      ),
    );
    const peers = ranges.flatMap(cidrsOfRange).map((cidr) => ({ ipBlock: { cidr: formatCidr(cidr) } }));
    draft.addRule('egress', { peers, ports: [] }, 'adds a rule for the addresses of the nodes');
    return [];
  }

  #rewrite(draft: PolicyDraft, key: string): readonly Unpatched[] {
    const object = this.#context.objects.get(key);
    if (object === undefined || this.#rewritten.has(key)) return [];
    this.#rewritten.add(key);
    const defaulted = defaultNetworkPolicy(object);
    const fields = this.#context.systems.flatMap((system) =>
      unsupportedFields(defaulted, enforcementTarget(this.#context.to, system, this.#context.expandsUnsupported)),
    );
    const pods = this.#pods;
    const subject = compilePodSelector(defaulted.spec.podSelector, draft.namespace);
    const failed = rewriteUnsupported(draft, fields, {
      subjects: pods.filter((pod) => selectorMatches(subject, pod)),
      pods,
      positively: (peer) =>
        peersSelecting(
          pods.filter((pod) => selectorMatches(selectorOf(peer, draft.namespace), pod)),
          pods,
          draft.namespace,
        ),
    });
    const windowsPods = pods.some((pod) => systemOfEndpoint(pod) === 'windows');
    return failed.map(({ field, reason }) => ({ cause: windowsPods ? 'Windows' : 'IPv6', field, reason }));
  }
}

/** Whether the peer means the pod where blocks mean pods. */
function means(peer: NetworkPolicyPeer, pod: Endpoint, namespace: string): boolean {
  if (peer.ipBlock === undefined) return selectorMatches(selectorOf(peer, namespace), pod);
  const held = rangesAround(peer.ipBlock);
  return pod.addresses.some((address) => addressRangesContain(held, address));
}

function selectorOf({ podSelector = {}, namespaceSelector }: NetworkPolicyPeer, namespace: string): Selector {
  if (namespaceSelector === undefined) return compilePodSelector(podSelector, namespace);
  return allOf(compileLabelSelector(namespaceSelector, 'namespace'), compileLabelSelector(podSelector, 'pod'));
}

/** Exceptions of one block are listed up to that many. */
const exceptionsMax = 64;

/** Every address outside: where blocks mean pods and nodes, these are taken out while they are few and the systems can. */
function outsidePeers({ family, classes }: EndClasses, profile: EngineProfile, systems: readonly OperatingSystem[]): NetworkPolicyPeer[] {
  const cidr = family === 4 ? '0.0.0.0/0' : '::/0';
  if (!profile.ipBlockMatchesPods && !profile.ipBlockMatchesNodes) return [{ ipBlock: { cidr } }];
  const inside = classes.filter(({ kind }) => kind !== 'outside').flatMap(({ ends }) => ends.flatMap(({ address }) => address ?? []));
  const ranges = unionOfAddressRanges(inside.map((address) => cidrRange(singleAddressCidr(address))));
  const except = ranges.flatMap(cidrsOfRange).map(formatCidr);
  const canExcept = systems.every(
    (system) => !unsupportedOn({ profile, system, expandsUnsupported: false }).some(({ feature }) => feature === 'ip-block-except'),
  );
  return [{ ipBlock: canExcept && except.length > 0 && except.length <= exceptionsMax ? { cidr, except } : { cidr } }];
}
