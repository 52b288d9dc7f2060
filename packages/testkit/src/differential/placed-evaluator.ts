/** The evaluator over worlds with policies of several APIs: their objects compiled by the registry, and flows judged there. */
import {
  isOfKind,
  type PlacedPolicy,
  type PolicyCompiler,
  podToPlannedEndpoint,
  policyCompilers,
  type ReferredObjects,
} from '@weir/compile';
import type { KubeObject, Pod, StringMap } from '@weir/kube';
import {
  calicoHostSettings,
  createPolicyWorld,
  type EngineProfile,
  engineProfiles,
  explainQuestion,
  type FlowQuestion,
  type FlowVerdict,
  type HostEndpoint,
  type HostSettings,
  judgeDirection,
  judgeHosts,
  judgeQuestion,
  type PolicyWorld,
  type PolicyWorldOptions,
  type Tier,
} from '@weir/model';
import { defined, parseAddress } from '@weir/net';
import type { CalicoFlow, CalicoWorld } from '../oracle/calico/calico-objects.ts';
import type { CalicoVerdict } from '../oracle/calico/calico-oracle.ts';
import { nodeAddresses } from '../oracle/inhabitants.ts';
import type { World } from '../oracle/world.ts';
import { endAddress, protocolOf } from './engine-parts.ts';

/** Every policy in the model; a refusal is an Error: generated worlds are valid. */
export function placePolicies(objects: readonly KubeObject[], referred: ReferredObjects): readonly PlacedPolicy[] {
  return objects.flatMap((object) => {
    const { policies, diagnostics } = compilerOf(object).compile(object, referred);
    if (diagnostics.length > 0) throw new Error(`a valid policy was refused: ${JSON.stringify(diagnostics)}`);
    return policies;
  });
}

/** The host endpoints among objects, in the model. */
export function placeHosts(objects: readonly KubeObject[], referred: ReferredObjects): readonly HostEndpoint[] {
  return objects.flatMap((object) => {
    const { hosts = [], diagnostics } = compilerOf(object).compile(object, referred);
    if (diagnostics.length > 0) throw new Error(`a valid host endpoint was refused: ${JSON.stringify(diagnostics)}`);
    return hosts;
  });
}

function compilerOf(object: KubeObject): PolicyCompiler {
  const compiler = policyCompilers.find(({ policyKinds }) => policyKinds.some((kind) => isOfKind(object, kind)));
  return defined(compiler, `${object.kind ?? ''} is read`);
}

/** What policies of a world of Calico refer to. */
export function calicoReferred(world: CalicoWorld): ReferredObjects {
  const byKind: Readonly<Record<string, readonly KubeObject[]>> = {
    Node: world.nodes ?? [],
    Namespace: world.namespaces,
    Tier: world.tiers,
    NetworkSet: world.networkSets,
    GlobalNetworkSet: world.networkSets,
    HostEndpoint: world.hostEndpoints ?? [],
  };
  const list: ReferredObjects['list'] = ({ kind }, namespace) =>
    (byKind[kind] ?? []).filter((object) => object.kind === kind && (namespace === undefined || object.metadata.namespace === namespace));
  return { list, get: (kind, name, namespace) => list(kind, namespace).find(({ metadata }) => metadata.name === name) };
}

/** What policies of a world refer to; only its nodes are there. */
export function nodesReferred({ nodes = [] }: World): ReferredObjects {
  const list: ReferredObjects['list'] = ({ kind }) => (kind === 'Node' ? nodes : []);
  return { list, get: (kind, name) => list(kind).find(({ metadata }) => metadata.name === name) };
}

type WorldWithHosts = World & Partial<Pick<CalicoWorld, 'serviceAccounts' | 'hostEndpoints' | 'endpointToHostAction' | 'kernelInput'>>;

/** What a world has of hosts, in the model. */
function hostsOf(world: WorldWithHosts): Pick<PolicyWorldOptions, 'hosts' | 'hostSettings'> {
  const { hostEndpoints = [], endpointToHostAction } = world;
  const podToHost = { Accept: 'accept', Drop: 'drop', Return: 'return' } as const;
  return {
    hosts: placeHosts(hostEndpoints, nodesReferred(world)),
    ...(endpointToHostAction === undefined
      ? {}
      : { hostSettings: (): HostSettings => ({ ...calicoHostSettings, podToHost: podToHost[endpointToHostAction] }) }),
  };
}

/** Judges flows in a world with these policies, and with no others. */
export class PlacedEvaluator {
  readonly #world: World;
  readonly #policyWorld: PolicyWorld;

  constructor(
    world: WorldWithHosts,
    placed: readonly PlacedPolicy[],
    profile: EngineProfile = engineProfiles.kubernetes,
    groups: NonNullable<PolicyWorldOptions['groups']> = new Map(),
  ) {
    this.#world = world;
    const tiers = new Map<string, Tier>();
    for (const { tier, policy } of placed) {
      tiers.set(tier.name, { ...tier, policies: [...(tiers.get(tier.name)?.policies ?? []), policy] });
    }
    const labels = new Map(world.namespaces.map(({ metadata }) => [metadata.name, metadata.labels ?? {}]));
    const accountLabels = ({ metadata, spec }: Pod): StringMap =>
      (world.serviceAccounts ?? []).find(
        (each) => each.metadata.namespace === metadata.namespace && each.metadata.name === spec?.serviceAccountName,
      )?.metadata.labels ?? {};
    this.#policyWorld = createPolicyWorld({
      tiers: [...tiers.values()],
      profile,
      groups,
      endpoints: world.pods.flatMap((pod) => podToPlannedEndpoint(pod, labels.get(pod.metadata.namespace) ?? {}, accountLabels(pod)) ?? []),
      nodes: (world.nodes ?? []).map((node) => ({
        name: node.metadata.name ?? '',
        addresses: nodeAddresses(node).map((text) => defined(parseAddress(text), `not an address: ${text}`)),
        input: world.kernelInput === 'Drop' ? 'drop' : 'accept',
      })),
      ...hostsOf(world),
    });
  }

  /** The verdict of each direction, and of the hosts on the way. */
  verdict(flow: CalicoFlow): CalicoVerdict {
    const question = this.#question(flow);
    const egressAllowed = judgeDirection(this.#policyWorld, question, 'egress').verdict === 'allow';
    const ingressAllowed = judgeDirection(this.#policyWorld, question, 'ingress').verdict === 'allow';
    const hostsAllow = judgeHosts(this.#policyWorld, question).every(({ verdict }) => verdict === 'allow');
    return { allowed: judgeQuestion(this.#policyWorld, question) === 'allow', egressAllowed, ingressAllowed, hostsAllow };
  }

  /** What people are told about a flow. */
  explain(flow: CalicoFlow): FlowVerdict {
    return explainQuestion(this.#policyWorld, this.#question(flow));
  }

  #question({ source, destination, protocol, port, sourcePort, icmp }: CalicoFlow): FlowQuestion {
    const from = this.#policyWorld.endAt(endAddress(this.#world, source));
    return {
      source: from,
      destination: this.#policyWorld.endAt(endAddress(this.#world, destination)),
      protocol: protocolOf(protocol, from.address?.family ?? 4),
      ...(port === undefined ? {} : { destinationPort: port }),
      ...(sourcePort === undefined ? {} : { sourcePort }),
      ...(icmp === undefined ? {} : { icmp }),
    };
  }
}
