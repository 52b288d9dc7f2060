/**
 * Pods that come and go at the start gate: which may, and when their rules are in the kernel.
 *
 * What the node says of a pod is held against what the API server says of it in this moment.
 */
import type { Engine, PodName } from '@weir/calc';
import { isNotFound } from '@weir/client';
import type { Pod } from '@weir/kube';
import { type Address, compareAddresses, formatAddress } from '@weir/net';
import type { Enforcer } from '../enforcement/enforcer.ts';
import { MustWaitError, RefusedRequestError } from '../local-server.ts';
import { errorFields, type Logger } from '../log/log.ts';
import type { Sources } from '../sources/sources.ts';
import type { AddressRest } from './address-rest.ts';
import type { AddressRestStore } from './address-rest-store.ts';
import type { Attachment, AttachmentStore } from './attachment.ts';
import { EnforcementError } from './settle-waiters.ts';

/** What admission works with. */
export interface PodAdmissionParts {
  readonly node: string;
  readonly engine: Engine;
  readonly enforcer: Enforcer;
  readonly sources: Sources;
  readonly attachments: AttachmentStore;
  /** Addresses that were others' a moment ago. */
  readonly rest: AddressRest;
  /** Told of addresses that were others'. */
  readonly restStore: AddressRestStore;
  readonly log: Logger;
  /** How long a request waits for the kernel before it is told to ask again, in milliseconds. */
  readonly patienceMs: number;
}

/** Admits pods to the node's network; its methods throw what the gate answers with. */
export class PodAdmission {
  readonly #parts: PodAdmissionParts;
  /** The latest request of each pod that is at the gate. */
  readonly #entering = new Map<string, Attachment>();

  constructor(parts: PodAdmissionParts) {
    this.#parts = parts;
  }

  /** Resolves when the pod's rules are in the kernel. */
  async add(attachment: Attachment): Promise<void> {
    const { sources, engine, enforcer, log } = this.#parts;
    if (!sources.synced) throw new MustWaitError('the agent has not yet read pods, namespaces and policies from the API server');
    const { namespace, name, uid } = attachment;
    this.#entering.set(uid, attachment);
    try {
      await this.#enter(attachment);
    } finally {
      if (this.#entering.get(uid) === attachment) this.#entering.delete(uid);
    }
    enforcer.changed();
    await this.#inKernel();
    const unreadable = engine.refusalOfPod(namespace, name);
    if (unreadable !== undefined) throw new MustWaitError(`the pod stays closed because its object cannot be read: ${unreadable}`);
    const quarantine = enforcer.endpoints.quarantineOf(uid);
    if (quarantine !== undefined) throw new MustWaitError(`the pod stays closed because its rules cannot be enforced: ${quarantine}`);
    log.debug({ pod: `${namespace}/${name}`, uid }, 'attached');
  }

  /** Resolves when nothing of the pod is in the kernel. */
  async remove(uid: string): Promise<void> {
    const { attachments, sources, enforcer, log } = this.#parts;
    // A request to start it that is still on its way must not bring it back.
    this.#entering.delete(uid);
    const attachment = attachments.get(uid);
    if (attachment !== undefined) {
      this.#forget(uid);
      sources.leave(attachment.namespace, attachment.name, uid);
      enforcer.changed();
    }
    // Also when it is not known (any more): an earlier request of the same kind may still be on its way.
    await this.#inKernel();
    log.debug({ uid }, 'detached');
  }

  /** Drops attachments of pods that went away while no agent ran; other agents may not know it yet either. */
  forgetGonePods(): void {
    const { attachments, sources, restStore } = this.#parts;
    for (const { uid, namespace, name, addresses } of attachments.all()) {
      if (sources.podUid(namespace, name) === uid) continue;
      this.#forget(uid);
      restStore.release(addresses.map((address) => ({ address, owner: uid })));
    }
  }

  /** Brings the pod and its attachment into the engine, as the API server knows them now. */
  async #enter(attachment: Attachment): Promise<void> {
    const { sources, attachments, engine, node } = this.#parts;
    const { namespace, name } = attachment;
    const pod = await this.#read(attachment);
    this.#checkLatest(attachment);
    const refusal = refusalOf(pod, attachment, node);
    if (refusal !== undefined) throw new RefusedRequestError(`pod ${namespace}/${name} ${refusal}`);
    this.#replaceRivals(attachment);
    await this.#restAddresses(attachment);
    this.#checkLatest(attachment);
    attachments.set(attachment);
    sources.enter(pod);
    engine.attach(attachment);
  }

  async #read({ namespace, name }: Attachment): Promise<Pod> {
    try {
      return await this.#parts.sources.readForStart(namespace, name);
    } catch (error) {
      if (isNotFound(error)) throw new RefusedRequestError(`pod ${namespace}/${name} is not known to the API server`);
      throw new MustWaitError(`the API server could not be asked for the pod's policies: ${errorFields(error).error}`);
    }
  }

  /** What was asked of the gate about the pod while this request waited counts, not this request. */
  #checkLatest(attachment: Attachment): void {
    if (this.#entering.get(attachment.uid) === attachment) return;
    throw new MustWaitError('the pod was taken off the node, or announced anew, while its policies were read');
  }

  /** Throws while other nodes may still take the pod for the one that had its address. */
  async #restAddresses({ uid, namespace, name, addresses }: Attachment): Promise<void> {
    const { engine, sources, rest, restStore } = this.#parts;
    // Whose addresses changed hands with what the API server has told so far is noted when it goes to the kernel.
    await this.#inKernel();
    for (const address of addresses) {
      const owner = engine.podAt(address);
      const rival = owner === undefined || owner.uid === uid ? sources.leftPodAt(address, { namespace, name, uid }) : owner;
      if (rival !== undefined) restStore.release([{ address, owner: rival.uid }]);
      const waitMs = rest.remainingMs(address, uid);
      if (waitMs > 0) throw new MustWaitError(restReason(address, rival, waitMs));
    }
  }

  /** A link and an address belong to one pod: whoever had them and was never taken off the node has lost them. */
  #replaceRivals(attachment: Attachment): void {
    const { attachments, sources, enforcer, log } = this.#parts;
    for (const other of attachments.all()) {
      const shares =
        other.interface === attachment.interface ||
        other.addresses.some((a) => attachment.addresses.some((b) => compareAddresses(a, b) === 0));
      if (other.uid === attachment.uid || !shares) continue;
      log.warn({ pod: `${other.namespace}/${other.name}`, uid: other.uid }, 'its link or address was given to another pod');
      this.#forget(other.uid);
      sources.leave(other.namespace, other.name, other.uid);
      enforcer.changed();
    }
  }

  #forget(uid: string): void {
    this.#parts.attachments.delete(uid);
    this.#parts.engine.detach(uid);
  }

  async #inKernel(): Promise<void> {
    await this.#parts.enforcer.settled(this.#parts.patienceMs).catch((error: unknown) => {
      throw error instanceof EnforcementError ? new MustWaitError(error.message) : error;
    });
  }
}

/** Why this pod cannot be attached like that; undefined when it can. */
function refusalOf(pod: Pod, { uid }: Attachment, node: string): string | undefined {
  if (pod.metadata.uid !== uid) return `has UID ${pod.metadata.uid ?? 'none'}, not ${uid}`;
  if (pod.spec?.hostNetwork === true) return 'is on the network of its node and has no link of its own';
  const assigned = pod.spec?.nodeName;
  return assigned === node ? undefined : `is assigned to ${assigned === undefined ? 'no node' : `node ${assigned}`}, not to ${node}`;
}

function restReason(address: Address, rival: PodName | undefined, waitMs: number): string {
  const whose =
    rival === undefined ? "was another pod's a moment ago" : `is still that of pod ${rival.namespace}/${rival.name} for the API server`;
  const seconds = Math.ceil(waitMs / 1_000);
  return `the address ${formatAddress(address)} ${whose}: it rests for ${seconds} s, so that no other node takes this pod for that one`;
}
