/**
 * The node that enforces: engine and data plane of one back end, told of objects as an agent tells them.
 */
import { Engine, type LocalEndpoint, type ReadKind } from '@weir/calc';
import { isOfKind, policyKindName } from '@weir/compile';
import type { ApplyReport, Dataplane } from '@weir/dataplane';
import type { KubeObject } from '@weir/kube';
import { type EngineName, enforcementTarget, systemOf } from '@weir/model';
import { defined, parseAddress } from '@weir/net';
import { AnswerTable } from '../../packages/agent/src/names/answer-table.ts';
import type { BackEnd } from '../packets/back-ends.ts';
import type { PacketNetwork } from '../packets/packet-network.ts';
import { domainAnswers, endAddresses, enforcingNode, referredObjects, supportWorld } from './support-world.ts';

/** What became of the objects of a case. */
export interface Application {
  /** Why objects, or programs made of them, are refused; empty when everything is in force. */
  readonly refusals: readonly string[];
  /** Whether something besides what was refused is in force. */
  readonly isPartly: boolean;
  /** The node's pods by name. */
  readonly endpoints: ReadonlyMap<string, LocalEndpoint>;
  /** Programs that the back end does not take. */
  readonly quarantined: ReadonlySet<string>;
}

/** See above. */
export class SupportedNode {
  readonly #engine: Engine;
  readonly #dataplane: Dataplane;
  readonly #answers = new AnswerTable();
  #objects: readonly KubeObject[] = [];

  constructor(network: PacketNetwork, { backEnd, engine }: { readonly backEnd: BackEnd; readonly engine: EngineName }) {
    const target = enforcementTarget(engine, systemOf(backEnd.name));
    const pods = () => [...network.linkedPods().values()].filter(({ node }) => node === enforcingNode);
    this.#engine = new Engine({ node: enforcingNode, target });
    this.#dataplane = backEnd.open({
      netns: network.nodeNetns(enforcingNode),
      podInterface: network.podInterfacePrefix,
      pods,
      onReplace: (error) => {
        throw error;
      },
      target,
    });
    for (const namespace of supportWorld.namespaces) this.#engine.upsertNamespace(namespace);
    for (const node of supportWorld.nodes) this.#engine.upsertNode(node);
    for (const pod of supportWorld.pods) this.#engine.upsertPod(pod);
    for (const object of referredObjects) this.#tell(object);
    for (const { pod, interface: link, addresses } of pods()) {
      const { namespace = '', name = '', uid = '' } = pod.metadata;
      const parsed = addresses.map((text) => defined(parseAddress(text), text));
      this.#engine.attach({ uid, namespace, name, interface: link, addresses: parsed });
    }
    const { 4: four, 6: six } = endAddresses[enforcingNode];
    this.#engine.setInterfaces([{ name: 'eth0', addresses: [four, six].map((text) => defined(parseAddress(text), text)) }]);
    for (const source of this.#engine.sources) this.#engine.setInSync(source);
    for (const [name, ends] of Object.entries(domainAnswers)) {
      const texts = ends.flatMap((end) => [endAddresses[end][4], endAddresses[end][6]]);
      const addresses = texts.map((text) => ({ address: defined(parseAddress(text), text), ttlSeconds: 3_600 }));
      this.#answers.learn({ name, addresses }, 0);
    }
  }

  /** Puts these objects into force in place of those before. */
  async moveTo(objects: readonly KubeObject[]): Promise<Application> {
    for (const object of this.#objects) {
      const { kind } = defined(this.#kindOf(object), `${object.kind ?? ''} is read`);
      this.#engine.deletePolicyObject(policyKindName(kind), object.metadata.namespace, object.metadata.name ?? '');
    }
    const unread = objects.find((object) => this.#kindOf(object) === undefined);
    if (unread !== undefined) throw new Error(`objects of the kind ${unread.kind ?? ''} are not read`);
    this.#objects = objects;
    for (const object of objects) this.#tell(object);
    const { quarantined, refusedHosts } = await this.#apply();
    const refused = this.#engine.refusedPolicies();
    const { endpoints } = this.#engine.emitted();
    const messages = refused.flatMap(({ diagnostics }) => diagnostics.map(({ message }) => message));
    return {
      refusals: [...new Set(messages.length > 0 ? messages : [...quarantined, ...refusedHosts].map(({ reason }) => withoutRule(reason)))],
      isPartly: refused.length > 0 && refused.length < objects.filter((object) => this.#kindOf(object)?.isPolicy === true).length,
      endpoints: new Map(endpoints.upserts.map((endpoint) => [endpoint.name, endpoint])),
      quarantined: new Set(quarantined.map(({ program }) => program)),
    };
  }

  /** Takes everything out of the kernel. */
  async close(): Promise<void> {
    await this.#dataplane.remove();
    await this.#dataplane.close();
  }

  /** What the engine has to say, also after it was told of the names that rules ask for, as agents tell it. */
  async #apply(): Promise<ApplyReport> {
    const report = await this.#dataplane.apply(this.#engine.flush());
    const asked = this.#engine.askedGroups().filter((group) => group.startsWith('domain/'));
    if (asked.length === 0) return report;
    for (const group of asked) {
      const members = this.#answers.membersOf(group as `domain/${string}`).map((address) => ({ address }));
      this.#engine.upsertAddressGroup(group, members);
    }
    return this.#dataplane.apply(this.#engine.flush());
  }

  #tell(object: KubeObject): void {
    if (object.kind === 'ServiceAccount') return this.#engine.upsertServiceAccount(object);
    const read = this.#kindOf(object);
    if (read !== undefined) this.#engine.upsertPolicyObject(policyKindName(read.kind), object);
  }

  #kindOf(object: KubeObject): ReadKind | undefined {
    return [...this.#engine.policyKinds.values()].find(({ kind }) => isOfKind(object, kind));
  }
}

/** The reason without the rule that it is given for. */
function withoutRule(reason: string): string {
  return reason.replace(/^(rule \S+ has |\w+ \S+ [\w.[\]]+\[\d+\]: )/, '');
}
