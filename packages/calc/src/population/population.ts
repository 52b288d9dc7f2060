/**
 * Who is there: pods, namespaces and attachments, and what each change of them makes dirty.
 *
 * Events only note facts; what follows from them (classes, programs) is computed by the flush, so
 * that several changes of one thing cost one computation.
 */

import { podToPlannedEndpoint } from '@weir/compile';
import type { Namespace, Pod, StringMap } from '@weir/kube';
import { type Endpoint, serviceAccountKey } from '@weir/model';
import { type Address, compareAddresses } from '@weir/net';
import type { OwningPod } from '../engine-shapes.ts';
import type { Attachment, Claimant, LabelPair, LabelSet, NamespaceEntry, OrphanEntry, PodEntry } from '../entries.ts';
import type { Subjects } from '../policies/subjects.ts';
import { AddressTable, ownerOf } from './address-table.ts';
import { claimPrecedence } from './claim-precedence.ts';
import { LabelSets } from './label-sets.ts';
import type { Locals } from './locals.ts';
import type { NamedPortLists } from './named-port-lists.ts';
import { NamespaceTable } from './namespace-table.ts';
import { ServiceAccounts } from './service-accounts.ts';

/** What the population tells of its changes. */
export interface PopulationOptions {
  readonly node: string;
  readonly subjects: Subjects;
  readonly locals: Locals;
  readonly ports: NamedPortLists;
  /** Whether pods can be selected by their service accounts. */
  readonly withAccounts: boolean;
}

/** All pods, namespaces and attachments. */
export class Population {
  readonly labelSets: LabelSets;
  readonly namespaces: NamespaceTable;
  readonly accounts: ServiceAccounts = new ServiceAccounts();
  readonly addresses: AddressTable = new AddressTable();
  /** Label sets whose class must be computed from nothing. */
  readonly unclassified: Set<LabelSet> = new Set();
  /** Label sets that are gone since the last flush and still count in their class. */
  readonly gone: Set<LabelSet> = new Set();
  readonly #attachments: Map<string, { readonly attachment: Attachment; holder: Claimant }> = new Map();
  readonly #options: PopulationOptions;
  #pods = 0;

  constructor(options: PopulationOptions) {
    this.#options = options;
    this.labelSets = new LabelSets(options.ports, options.withAccounts);
    this.namespaces = new NamespaceTable(this.labelSets.labels);
  }

  /** How many pods are endpoints. */
  get pods(): number {
    return this.#pods;
  }

  /** The attachments in force. */
  get attachments(): readonly Attachment[] {
    return [...this.#attachments.values()].map(({ attachment }) => attachment);
  }

  /** The pod that owns the address now. */
  podAt(address: Address): OwningPod | undefined {
    const owner = this.addresses.ownerAt(address);
    if (owner === undefined) return undefined;
    const { uid } = owner;
    if (owner.kind === 'orphan') return { uid, namespace: owner.attachment.namespace, name: owner.attachment.name };
    return { uid, namespace: owner.namespace.name, name: owner.name };
  }

  /** The addresses that a pod owns now; undefined when there is no such endpoint. */
  addressesOf(namespace: string, name: string): readonly Address[] | undefined {
    const pod = this.namespaces.get(namespace)?.pods.get(name);
    return pod?.slots.filter((slot) => ownerOf(slot) === pod).map(({ address }) => address);
  }

  /** A pod appeared or changed. */
  upsertPod(pod: Pod): void {
    const { namespace: namespaceName = 'default', name = '' } = pod.metadata;
    const account = this.#options.withAccounts ? this.accounts.labelsOf(namespaceName, pod.spec?.serviceAccountName ?? '') : undefined;
    const endpoint = podToPlannedEndpoint(pod, undefined, account);
    const old = this.namespaces.get(namespaceName)?.pods.get(name);
    if (old !== undefined && old.uid !== endpoint?.uid) this.#removePod(old);
    if (endpoint === undefined) return;
    const facts = { onNode: endpoint.node === this.#options.node, precedence: claimPrecedence(pod.metadata) };
    if (old !== undefined && old.uid === endpoint.uid) this.#changePod(old, endpoint, facts);
    else this.#addPod(endpoint, facts);
  }

  /** A pod is gone. */
  deletePod(namespace: string, name: string): void {
    const entry = this.namespaces.get(namespace)?.pods.get(name);
    if (entry !== undefined) this.#removePod(entry);
  }

  /** A namespace appeared or changed. */
  upsertNamespace(namespace: Namespace): void {
    const entry = this.namespaces.of(namespace.metadata.name ?? '');
    if (this.namespaces.know(entry, namespace.metadata.labels ?? {})) this.#relabelled(entry);
  }

  /** A namespace is gone; pods that are still in it are in an unknown namespace then. */
  deleteNamespace(name: string): void {
    const entry = this.namespaces.get(name);
    if (entry === undefined) return;
    if (this.namespaces.forget(entry)) this.#relabelled(entry);
    this.namespaces.dropUnused(entry);
  }

  /** A service account has these labels now; one that is gone has none. */
  labelServiceAccount(namespaceName: string, name: string, labels: StringMap): void {
    if (!this.#options.withAccounts || !this.accounts.set(namespaceName, name, labels)) return;
    const isOf = ({ key, value }: LabelPair): boolean =>
      key.space === serviceAccountKey.space && key.key === serviceAccountKey.key && value === name;
    const labelSets = [...(this.namespaces.get(namespaceName)?.labelSets.values() ?? [])].filter(({ pairs }) => pairs.some(isOf));
    // All before the first changes: pods go from one label set to another.
    const pods = labelSets.flatMap(({ members }) => members);
    for (const pod of pods) {
      this.#relabel(pod, this.labelSets.withAccountLabels(pod.labelSet, labels));
      this.#touch(pod);
    }
  }

  /** The start gate announces an endpoint, or announces it anew. */
  attach(attachment: Attachment): void {
    this.detach(attachment.uid);
    const pod = this.namespaces.get(attachment.namespace)?.pods.get(attachment.name);
    if (pod?.uid === attachment.uid) {
      this.#attachments.set(attachment.uid, { attachment, holder: pod });
      pod.attachment = attachment;
      this.#claim(pod, attachment.addresses);
    } else {
      this.#makeOrphan(attachment);
    }
  }

  /** The endpoint has left the node. */
  detach(uid: string): void {
    const record = this.#attachments.get(uid);
    if (record === undefined) return;
    this.#attachments.delete(uid);
    if (record.holder.kind === 'orphan') {
      this.#unclaim(record.holder);
      return;
    }
    record.holder.attachment = undefined;
    this.#claim(record.holder, record.holder.addresses);
  }

  #addPod(endpoint: Endpoint, facts: Pick<PodEntry, 'onNode' | 'precedence'>): void {
    const namespace = this.namespaces.of(endpoint.namespace);
    const { uid, name, addresses } = endpoint;
    const labelSet = this.labelSets.of(endpoint, namespace);
    const record = this.#attachments.get(uid);
    const isAnnounced = record?.attachment.namespace === endpoint.namespace && record.attachment.name === name;
    const attachment = isAnnounced ? record.attachment : undefined;
    const entry: PodEntry = { kind: 'pod', uid, name, namespace, labelSet, position: 0, ...facts, addresses, attachment, slots: [] };
    this.#enter(entry);
    namespace.pods.set(name, entry);
    this.#pods++;
    if (record !== undefined && attachment !== undefined) {
      if (record.holder.kind === 'orphan') this.#unclaim(record.holder);
      record.holder = entry;
    }
    this.#claim(entry, attachment?.addresses ?? addresses);
  }

  #changePod(entry: PodEntry, endpoint: Endpoint, facts: Pick<PodEntry, 'onNode' | 'precedence'>): void {
    const labelSet = this.labelSets.of(endpoint, entry.namespace);
    const isSameClaim = entry.precedence === facts.precedence;
    const isSame = isSameClaim && entry.labelSet === labelSet && entry.onNode === facts.onNode;
    const isMoved = !sameAddresses(entry.addresses, endpoint.addresses);
    if (isSame && !isMoved) return;
    entry.onNode = facts.onNode;
    entry.precedence = facts.precedence;
    // Equal ones are not taken over: the slots have those of before, and each pod would have both.
    if (isMoved) entry.addresses = endpoint.addresses;
    if (entry.labelSet !== labelSet) this.#relabel(entry, labelSet);
    if (isMoved && entry.attachment === undefined) this.#claim(entry, entry.addresses);
    else this.#touch(entry);
  }

  #relabel(entry: PodEntry, labelSet: LabelSet): void {
    const { labelSet: before, position } = entry;
    entry.labelSet = labelSet;
    this.#enter(entry);
    this.#exit(before, position);
  }

  #removePod(entry: PodEntry): void {
    entry.namespace.pods.delete(entry.name);
    this.#pods--;
    const { attachment } = entry;
    entry.attachment = undefined;
    this.#unclaim(entry);
    this.#exit(entry.labelSet, entry.position);
    this.namespaces.dropUnused(entry.namespace);
    if (attachment !== undefined) this.#makeOrphan(attachment);
  }

  #makeOrphan(attachment: Attachment): void {
    const orphan: OrphanEntry = { kind: 'orphan', uid: attachment.uid, attachment, slots: [] };
    this.#attachments.set(attachment.uid, { attachment, holder: orphan });
    this.#claim(orphan, attachment.addresses);
  }

  /** A pod joins its label set. */
  #enter(entry: PodEntry): void {
    if (entry.labelSet.members.length === 0) this.unclassified.add(entry.labelSet);
    this.labelSets.join(entry);
  }

  /** The pod at `position` leaves the label set. */
  #exit(labelSet: LabelSet, position: number): void {
    if (!this.labelSets.leave(labelSet, position)) return;
    this.unclassified.delete(labelSet);
    if (labelSet.class !== undefined) this.gone.add(labelSet);
  }

  /** Replaces what the claimant claims. */
  #claim(claimant: Claimant, addresses: readonly Address[]): void {
    const before = claimant.slots;
    claimant.slots = this.addresses.claim(claimant, addresses);
    this.addresses.release(claimant, before);
    this.#touch(claimant);
    this.#touchRivals(before);
  }

  #unclaim(claimant: Claimant): void {
    const before = claimant.slots;
    claimant.slots = [];
    this.addresses.release(claimant, before);
    this.#options.locals.remove(claimant);
    this.#touchRivals(before);
  }

  /** The claimant's rank, labels or addresses changed. */
  #touch(claimant: Claimant): void {
    for (const slot of claimant.slots) this.addresses.dirty.add(slot);
    this.#options.locals.update(claimant);
    this.#touchRivals(claimant.slots);
  }

  #touchRivals(slots: PodEntry['slots']): void {
    for (const { claims } of slots) for (const rival of claims) this.#options.locals.touch(rival);
  }

  #relabelled(namespace: NamespaceEntry): void {
    for (const labelSet of namespace.labelSets.values()) {
      this.unclassified.add(labelSet);
      this.#options.subjects.relabelled(labelSet);
    }
  }
}

function sameAddresses(a: readonly Address[], b: readonly Address[]): boolean {
  return a.length === b.length && a.every((address, i) => compareAddresses(address, b[i] ?? address) === 0);
}
