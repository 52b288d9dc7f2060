/**
 * The incremental engine of one node: Kubernetes objects in, deltas out.
 *
 *   pods, namespaces, attachments → population → label sets ──────────────┐
 *                                                   │ of local endpoints   │
 *   policies → policies in force ───────────────► subjects                 │
 *                                                   │                      │
 *                                                programs → peer sets → classify → classes
 *                                                   │                      │
 *                                                endpoints             addresses
 *
 * Events note facts and mark what they make dirty; {@link Engine.flush} computes what follows, left to right, each thing
 * once. The output depends on the current state only, not on the events that led to it. Before all sources are in sync
 * nothing is emitted: a partial state would look like a whole one to a data plane, and close or open what it must not.
 */

import { endpointSliceKind, networkPolicyKind, policyCompilersOf, policyKindName } from '@weir/compile';
import type { KubeObject, Namespace, NetworkPolicy, Node, Pod } from '@weir/kube';
import { type AddressGroupName, enforcementTarget, type GroupMember } from '@weir/model';
import type { Address } from '@weir/net';
import { AddressClasses } from './classes/address-classes.ts';
import { Classes, endpointClass } from './classes/classes.ts';
import { classify } from './classes/classify.ts';
import { type ReleasedAddress, settleAddresses } from './classes/settle-addresses.ts';
import type { Delta } from './delta/delta.ts';
import { emptyDelta } from './delta/delta-algebra.ts';
import type { EngineOptions, LocalPolicy, OwningPod, PodName, Source } from './engine-shapes.ts';
import { sizesOf } from './engine-sizes.ts';
import { serviceAccountSource, sourcesOf } from './engine-sources.ts';
import type { Attachment, PolicyEntry } from './entries.ts';
import type { NodeInterface } from './hosts/host-endpoints.ts';
import { Hosts } from './hosts/hosts.ts';
import { PeerSets } from './peer-sets/peer-sets.ts';
import { localPoliciesOf } from './policies/local-policies.ts';
import { Policies } from './policies/policies.ts';
import { type PartlyKnownPolicy, PolicyObjects, type ReadKind, type RefusedPolicy } from './policies/policy-objects.ts';
import { PolicyReading } from './policies/policy-reading.ts';
import { Subjects } from './policies/subjects.ts';
import { unorderedPolicies } from './policies/unordered-entries.ts';
import { AddressGroups } from './population/address-groups.ts';
import { Locals } from './population/locals.ts';
import { NamedPortLists } from './population/named-port-lists.ts';
import { NodeAddresses } from './population/node-addresses.ts';
import { Population } from './population/population.ts';
import { type RefusedObject, RefusedObjects } from './population/refused-objects.ts';
import { ServiceGroups } from './population/service-groups.ts';
import { Programs } from './programs/programs.ts';
import { RuleIds } from './programs/rule-ids.ts';
import { isolatingPolicies } from './questions/isolating-policies.ts';
import type { EmittedState } from './questions/judge-flow.ts';
import { newWork, type Sizes, type Work } from './work.ts';

/** The namespace of an object that names none. */
const assumedNamespace = 'default';

const networkPolicies = policyKindName(networkPolicyKind);
const endpointSlices = policyKindName(endpointSliceKind);

/** The engine of one node. */
export class Engine {
  readonly node: string;
  readonly #work: Work = newWork();
  /** Nodes are asked for only where verdicts depend on them. */
  readonly #sources: readonly Source[];
  readonly #inSync: Set<Source> = new Set();
  readonly #ports: NamedPortLists = new NamedPortLists();
  readonly #reading: PolicyReading;
  readonly #nodes: NodeAddresses = new NodeAddresses();
  readonly #policies: Policies;
  readonly #objects: PolicyObjects;
  readonly #ruleIds: RuleIds<PolicyEntry>;
  readonly #sets: PeerSets = new PeerSets(this.#work);
  readonly #programs: Programs;
  readonly #subjects: Subjects;
  readonly #hosts: Hosts;
  readonly #locals: Locals;
  readonly #population: Population;
  readonly #classes: Classes = new Classes(this.#sets, this.#work);
  readonly #groups: AddressGroups;
  readonly #services: ServiceGroups = new ServiceGroups();
  readonly #refused: RefusedObjects = new RefusedObjects();
  #released: readonly ReleasedAddress[] = [];

  constructor(options: EngineOptions) {
    this.node = options.node;
    const target = options.target ?? enforcementTarget('kubernetes');
    const compilers = options.compilers ?? policyCompilersOf(target.profile);
    this.#reading = new PolicyReading(target, (name, protocol) => this.#ports.numberOf(name, protocol));
    this.#policies = new Policies(this.#work, this.#reading);
    this.#ruleIds = new RuleIds(options.ruleHash);
    const [policies, ruleIds] = [this.#policies, this.#ruleIds];
    this.#programs = new Programs({ policies, ruleIds, sets: this.#sets, work: this.#work });
    this.#hosts = new Hosts({ node: options.node, profile: target.profile, compilers, policies, programs: this.#programs });
    this.#objects = new PolicyObjects({ compilers, policies, reading: this.#reading, hosts: this.#hosts, work: this.#work });
    this.#sources = sourcesOf(target.profile, this.#objects.kinds.keys());
    this.#subjects = new Subjects({ policies, programs: this.#programs, ruleIds, hosts: this.#hosts.subjects });
    this.#locals = new Locals(this.#subjects, options.localPods ?? 'listed');
    this.#population = new Population({
      node: options.node,
      subjects: this.#subjects,
      locals: this.#locals,
      ports: this.#ports,
      withAccounts: this.#sources.includes(serviceAccountSource),
    });
    this.#groups = new AddressGroups(this.#population.addresses);
  }

  /**
   * A pod appeared or changed; finished pods and those on the host's network count as gone, and so does
   * one that cannot be read: see {@link refusedObjects}. Like all objects here it must have a name.
   */
  upsertPod(pod: Pod): void {
    const { namespace = assumedNamespace, name = '' } = pod.metadata;
    if (this.#refused.admits('Pod', namespace, pod)) this.#population.upsertPod(pod);
    else this.#population.deletePod(namespace, name);
  }

  /** A pod is gone; unknown ones are ignored, as by every `delete`. */
  deletePod(namespace: string, name: string): void {
    this.#refused.forget('Pod', namespace, name);
    this.#population.deletePod(namespace, name);
  }

  /** A namespace appeared or changed; one that cannot be read is unknown. */
  upsertNamespace(namespace: Namespace): void {
    const { name = '' } = namespace.metadata;
    if (this.#refused.admits('Namespace', '', namespace)) {
      this.#population.upsertNamespace(namespace);
      this.#objects.upsert('namespaces', namespace);
    } else {
      this.#population.deleteNamespace(name);
      this.#objects.delete('namespaces', undefined, name);
    }
  }

  /** A namespace is gone. */
  deleteNamespace(name: string): void {
    this.#refused.forget('Namespace', '', name);
    this.#objects.delete('namespaces', undefined, name);
    this.#population.deleteNamespace(name);
  }

  /** A node appeared or changed; told only where {@link sources} has them. */
  upsertNode(node: Node): void {
    this.#nodes.upsert(node);
    this.#objects.upsert('nodes', node);
    if (node.metadata.name === this.node) this.#hosts.ownNode.upsert(node);
  }

  /** A node is gone. */
  deleteNode(name: string): void {
    this.#nodes.delete(name);
    this.#objects.delete('nodes', undefined, name);
    if (name === this.node) this.#hosts.ownNode.delete();
  }

  /**
   * An object of a policy API appeared or changed: a policy, or something that policies refer to. A version of a
   * policy that cannot be compiled is refused: see {@link refusedPolicies}. `kind` is one of {@link sources}.
   */
  upsertPolicyObject(kind: string, object: KubeObject): void {
    this.#objects.upsert(kind, object);
    if (kind === endpointSlices) this.#services.upsert(object);
  }

  /** An object of a policy API is gone, and its accepted version with it; the namespace of one that has none is absent or empty. */
  deletePolicyObject(kind: string, namespace: string | undefined, name: string): void {
    this.#objects.delete(kind, namespace, name);
    if (kind === endpointSlices) this.#services.delete(namespace, name);
  }

  /** {@link upsertPolicyObject} for a Kubernetes NetworkPolicy. */
  upsertNetworkPolicy(policy: NetworkPolicy): void {
    this.#objects.upsert(networkPolicies, policy);
  }

  /** {@link deletePolicyObject} for a Kubernetes NetworkPolicy. */
  deleteNetworkPolicy(namespace: string, name: string): void {
    this.#objects.delete(networkPolicies, namespace, name);
  }

  /**
   * The interfaces that the node has now, with their addresses: needed while {@link asksForInterfaces} for host endpoints
   * that are known by their addresses. Says whether that changes anything.
   */
  setInterfaces(interfaces: readonly NodeInterface[]): boolean {
    return this.#hosts.endpoints.setInterfaces(interfaces);
  }

  /** Whether it depends on addresses of the node's interfaces which host endpoint has which of them. */
  get asksForInterfaces(): boolean {
    return this.#hosts.endpoints.askForAddresses;
  }

  /** A service account appeared or changed; told where policies can select pods by it. */
  upsertServiceAccount({ metadata: { namespace = assumedNamespace, name = '', labels = {} } }: KubeObject): void {
    this.#population.labelServiceAccount(namespace, name, labels);
  }

  /** A service account is gone; its pods have none of its labels then. */
  deleteServiceAccount(namespace: string, name: string): void {
    this.#population.labelServiceAccount(namespace, name, {});
  }

  /** A group of addresses appeared or changed: all its members, in any order. One that rules ask for and nobody told is empty. */
  upsertAddressGroup(name: AddressGroupName, members: readonly GroupMember[]): void {
    this.#groups.upsert(name, members);
  }

  /** The groups that rules of the flushed state ask for; nobody needs to tell of others. */
  askedGroups(): readonly AddressGroupName[] {
    return this.#sets.groups.names;
  }

  /** A group of addresses is gone. */
  deleteAddressGroup(name: AddressGroupName): void {
    this.#groups.delete(name);
  }

  /** The start gate announces an endpoint of this node. Announcing it anew replaces what was said. */
  attach(attachment: Attachment): void {
    this.#population.attach(attachment);
  }

  /** An announced endpoint has left the node. */
  detach(uid: string): void {
    this.#population.detach(uid);
  }

  /** The attachments in force, for a process that starts again. */
  attachments(): readonly Attachment[] {
    return this.#population.attachments;
  }

  /** The last accepted version of each object of a policy API: an input of the next process, see {@link restoreAccepted}. */
  acceptedPolicies(): readonly KubeObject[] {
    return this.#objects.accepted();
  }

  /** Takes the accepted versions of an earlier process; they count where the listed version is refused. */
  restoreAccepted(objects: readonly KubeObject[]): void {
    this.#objects.restore(objects);
    for (const source of this.#inSync) this.#objects.dropUnlisted(source);
  }

  /** The objects of policy APIs whose policies select endpoints of this node, as of the last flush. */
  localPolicies(): readonly LocalPolicy[] {
    return localPoliciesOf({ policies: this.#policies, subjects: this.#subjects, objects: this.#objects, hosts: this.#hosts.subjects });
  }

  /** Grows whenever {@link localPolicies}, {@link refusedPolicies} or {@link partlyKnownPolicies} may have changed. */
  get policyChanges(): number {
    return this.#objects.changes + this.#subjects.changes + this.#locals.changes + this.#hosts.subjects.changes;
  }

  /** Policies whose newest version is not in force, or not for all that they select, with the reasons and what is instead. */
  refusedPolicies(): readonly RefusedPolicy[] {
    return this.#objects.refused(this.#subjects.unordered());
  }

  /** Policies in force without fields that are not known here, with what that means. */
  partlyKnownPolicies(): readonly PartlyKnownPolicy[] {
    return this.#objects.partlyKnown();
  }

  /** Pods and namespaces that cannot be read and count as not there. */
  refusedObjects(): readonly RefusedObject[] {
    return this.#refused.all();
  }

  /** Why the pod counts as not there although it is; undefined when it does not. */
  refusalOfPod(namespace: string, name: string): string | undefined {
    return this.#refused.reasonOf('Pod', namespace, name);
  }

  /** A source has delivered its first whole list. */
  setInSync(source: Source): void {
    if (!this.#inSync.has(source)) this.#objects.dropUnlisted(source);
    this.#inSync.add(source);
  }

  /** What the engine wants to be told of. */
  get sources(): readonly Source[] {
    return this.#sources;
  }

  /** The kinds of policy APIs among the {@link sources}, by their names. */
  get policyKinds(): ReadonlyMap<string, ReadKind> {
    return this.#objects.kinds;
  }

  /** Whether all sources are in sync. */
  get isInSync(): boolean {
    return this.#sources.every((source) => this.#inSync.has(source));
  }

  /** What the engine has done. */
  get work(): Readonly<Work> {
    return { ...this.#work, labelSetsBuilt: this.#population.labelSets.built };
  }

  /** What the engine keeps. */
  get sizes(): Sizes {
    return sizesOf({
      population: this.#population,
      classes: this.#classes,
      sets: this.#sets,
      programs: this.#programs,
      policies: this.#policies,
      objects: this.#objects,
      nodes: this.#nodes,
      subjects: this.#subjects,
      ruleIds: this.#ruleIds,
      groups: this.#groups,
      locals: this.#locals,
      hosts: this.#hosts,
      refused: this.#refused,
    });
  }

  /** The state up to the last flush, for single questions: see `judgeFlow`. */
  readonly emittedState: EmittedState = {
    podReachesOwnNode: () => this.#reading.podReachesOwnNode,
    endpointAt: (address) => this.#locals.emittedAt(address),
    classAt: (address) => {
      const entry = this.#population.addresses.emittedAt(address);
      return entry === undefined ? undefined : endpointClass(entry);
    },
    program: (key) => this.#programs.get(key),
    peerSet: (key) => this.#sets.get(key),
    hosts: () => this.#hosts.emitted(),
    isolatedBy: (uid, direction) => isolatingPolicies(this.#policies, this.#locals.selectionOf(uid), direction),
    unordered: (uid, direction) => unorderedPolicies(this.#policies, this.#locals.selectionOf(uid), direction),
  };

  /**
   * The addresses that went from one pod to another, or to nobody, with the last flush, on whatever
   * node: their connections of before are not the next owner's. No part of the state, so no part of a delta.
   */
  get released(): readonly ReleasedAddress[] {
    return this.#released;
  }

  /** The pod that owns the address now, on whatever node. */
  podAt(address: Address): OwningPod | undefined {
    return this.#population.podAt(address);
  }

  /** The addresses that a pod has now; undefined when there is no such pod, or it is on its host's network. */
  addressesOf({ namespace, name }: PodName): readonly Address[] | undefined {
    return this.#population.addressesOf(namespace, name);
  }

  /** What changed since the last call; the items of one list are in no particular order. */
  flush(): Delta {
    if (!this.isInSync) return emptyDelta;
    this.#replan();
    this.#objects.settle();
    this.#services.settle(this.#groups);
    this.#locals.tellApart();
    const changed = this.#subjects.settle();
    const programs = this.#programs.settle();
    const sets = this.#sets.settle();
    const touched = classify({ population: this.#population, sets: this.#sets, classes: this.#classes });
    this.#groups.settle((name) => this.#sets.groups.has(name), this.#sets.groups.takeChanged());
    const classes = new AddressClasses({ classes: this.#classes, sets: this.#sets, groups: this.#groups });
    const addresses = settleAddresses(this.#population.addresses, { classes, touched, work: this.#work });
    this.#released = addresses.released;
    return {
      peerSets: { upserts: sets.added, removals: sets.removed },
      classes: this.#classes.settle(touched),
      addresses: addresses.change,
      programs: { upserts: programs.added, removals: programs.removed },
      endpoints: this.#locals.settle(changed),
      ...this.#hosts.settle(),
    };
  }

  /** The whole state as it was emitted up to the last flush. */
  emitted(): Delta {
    const addresses = [...this.#population.addresses.emitted()].map(({ address, of }) => ({ address, class: endpointClass(of).key }));
    return {
      peerSets: { upserts: [...this.#sets.emitted()], removals: [] },
      classes: { upserts: [...this.#classes.emitted()], removals: [] },
      addresses: { upserts: addresses, removals: [] },
      programs: { upserts: [...this.#programs.emitted()], removals: [] },
      endpoints: { upserts: [...this.#locals.emitted()], removals: [] },
      ...this.#hosts.emitted(),
    };
  }

  /** Nodes and port names change plans of policies that stay as they are. */
  #replan(): void {
    const nodes = this.#nodes.takeChange(this.node);
    if (nodes !== undefined) this.#objects.replan(this.#reading.setNodes(nodes));
    const renumbered = this.#ports.takeRenumbered();
    if (renumbered.size > 0 && this.#reading.numbersPortNames)
      this.#objects.replan(({ egressPortNames }) => egressPortNames.some((name) => renumbered.has(name)));
  }
}
