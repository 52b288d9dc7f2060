/**
 * The engine under test, assembled from its parts so that a test can replace one: compiler, pods
 * into endpoints, and the tier in which the policies end up.
 */
import { closedNetworkPolicy, compileNetworkPolicy, defaultTier, podToPlannedEndpoint } from '@weir/compile';
import type { NetworkPolicy, Pod, StringMap } from '@weir/kube';
import {
  createPolicyWorld,
  type Direction,
  type DirectionVerdict,
  type Endpoint,
  type EnforcementTarget,
  enforcementTarget,
  explainQuestion,
  type FlowQuestion,
  judgeDirection,
  judgeQuestion,
  type FlowEnd as ModelEnd,
  type Policy,
  type PolicyWorld,
  type Tier,
} from '@weir/model';
import { type Address, defined, parseAddress, protocolNumber } from '@weir/net';
import type { OracleEngine } from '../oracle/engine-rules.ts';
import { addressOfPod, nodeAddresses } from '../oracle/inhabitants.ts';
import type { FlowEnd, FlowProtocol, OracleVerdict, World, WorldFlow } from '../oracle/world.ts';

/** What the engine does with objects before it evaluates. */
export interface EngineParts {
  /** The policy in the model; undefined when it is not enforced. */
  readonly compile: (policy: NetworkPolicy, target: EnforcementTarget) => Policy | undefined;
  readonly endpointOf: (pod: Pod, namespaceLabels: StringMap) => Endpoint | undefined;
  readonly combine: (policies: readonly Policy[]) => Tier;
}

/** The parts as they are. An invalid policy is an Error here: generated worlds are valid. */
export const engineParts: EngineParts = {
  compile: (policy, target) => {
    const { policy: compiled, diagnostics } = compileNetworkPolicy(policy, { target });
    if (compiled !== undefined) return compiled;
    if (diagnostics.every(({ code }) => code === 'unsupported-policy'))
      return target.profile.unsupportedPolicies === 'isolate' ? closedNetworkPolicy(policy) : undefined;
    throw new Error(`a valid policy was refused: ${diagnostics.map(({ field, message }) => `${field}: ${message}`).join('; ')}`);
  },
  endpointOf: podToPlannedEndpoint,
  combine: defaultTier,
};

const protocolNumbers: Readonly<Record<Exclude<FlowProtocol, 'ICMP'>, number>> = {
  TCP: protocolNumber.TCP,
  UDP: protocolNumber.UDP,
  SCTP: protocolNumber.SCTP,
};

/** The IANA number of a flow's protocol; ICMP is another protocol in each family. */
export function protocolOf(protocol: FlowProtocol, family: 4 | 6): number {
  if (protocol !== 'ICMP') return protocolNumbers[protocol];
  return family === 4 ? protocolNumber.ICMP : protocolNumber.ICMPv6;
}

/** The address that an end of a flow uses. */
export function endAddress(world: World, end: FlowEnd): Address {
  if (end.kind === 'address') return defined(parseAddress(end.address), `not an address: ${end.address}`);
  const pod = world.pods.find(({ metadata }) => metadata.namespace === end.namespace && metadata.name === end.name);
  const text = pod === undefined ? undefined : addressOfPod(pod, end.family);
  return defined(parseAddress(text ?? ''), `no pod ${end.namespace}/${end.name} with an address of the family`);
}

/** The fast evaluator over one world. */
export class WorldEvaluator {
  readonly #world: World;
  readonly #policyWorld: PolicyWorld;
  readonly #ends: Map<FlowEnd, ModelEnd> = new Map();

  constructor(world: World, parts: EngineParts = engineParts, engine: OracleEngine = 'kubernetes') {
    this.#world = world;
    const target = enforcementTarget(engine);
    const labels = new Map(world.namespaces.map(({ metadata }) => [metadata.name, metadata.labels ?? {}]));
    this.#policyWorld = createPolicyWorld({
      tiers: [parts.combine(world.networkPolicies.flatMap((policy) => parts.compile(policy, target) ?? []))],
      endpoints: world.pods.flatMap((pod) => parts.endpointOf(pod, labels.get(pod.metadata.namespace) ?? {}) ?? []),
      profile: target.profile,
      nodes: (world.nodes ?? []).map((node) => ({
        name: node.metadata.name ?? '',
        addresses: nodeAddresses(node).map((text) => defined(parseAddress(text), `not an address: ${text}`)),
      })),
    });
  }

  /** The verdict of each direction with what decided it. */
  directions(flow: WorldFlow): Readonly<Record<Direction, DirectionVerdict>> {
    const question = this.#question(flow);
    return {
      egress: judgeDirection(this.#policyWorld, question, 'egress'),
      ingress: judgeDirection(this.#policyWorld, question, 'ingress'),
    };
  }

  /** The verdict of each direction alone. */
  verdict(flow: WorldFlow): OracleVerdict {
    const { egress, ingress } = this.directions(flow);
    const [egressAllowed, ingressAllowed] = [egress.verdict === 'allow', ingress.verdict === 'allow'];
    return { allowed: egressAllowed && ingressAllowed, egressAllowed, ingressAllowed };
  }

  /** What the shortcut without trace and the explanation say; they must agree with {@link verdict}. */
  explanations(flow: WorldFlow): { judged: string; explained: string; matchingAllows: { egress: boolean; ingress: boolean } } {
    const question = this.#question(flow);
    const explanation = explainQuestion(this.#policyWorld, question);
    const matches = (direction: 'egress' | 'ingress'): boolean =>
      explanation.trace.some((policy) => policy.direction === direction && policy.rules.some(({ matched }) => matched === 'yes'));
    return {
      judged: judgeQuestion(this.#policyWorld, question),
      explained: explanation.verdict,
      matchingAllows: { egress: matches('egress'), ingress: matches('ingress') },
    };
  }

  #question({ source, destination, protocol, port }: WorldFlow): FlowQuestion {
    const from = this.#end(source);
    return {
      source: from,
      destination: this.#end(destination),
      protocol: protocolOf(protocol, from.address?.family ?? 4),
      ...(port === undefined ? {} : { destinationPort: port }),
    };
  }

  #end(end: FlowEnd): ModelEnd {
    let known = this.#ends.get(end);
    if (known === undefined) {
      known = this.#policyWorld.endAt(endAddress(this.#world, end));
      this.#ends.set(end, known);
    }
    return known;
  }
}
