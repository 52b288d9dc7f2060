/**
 * Host endpoints for random worlds of Calico: for the wire of a node by its name or by its addresses, for all interfaces, for
 * both, and several for one; and policies of every family that select them.
 *
 * What one of them expects of addresses is all that the node has, or nothing, so that no address is left out by mistake.
 */
import type { CalicoPolicyObject, CalicoWorld, HostEndpointObject } from '../oracle/calico/calico-objects.ts';
import { nodeAddresses } from '../oracle/inhabitants.ts';
import { generateLabels } from './generate-pods.ts';
import { podLabelPool, portNamePool, portNumberPool, transportPool } from './pools.ts';
import { Random } from './random.ts';

/** The world with host endpoints, and with flags on some of its policies; the same seed gives the same ones. */
export function withHostEndpoints(world: CalicoWorld, seed: number): CalicoWorld {
  const random = new Random(seed ^ 0x4057);
  const endpoints = (world.nodes ?? []).flatMap((node) =>
    random.times(random.integer(0, 3), (index) =>
      generateHost(random, { index, node: node.metadata.name ?? '', addresses: nodeAddresses(node) }),
    ),
  );
  return {
    ...world,
    policyObjects: world.policyObjects.map((object) => (isOfCluster(object) ? withFlags(random, object) : object)),
    hostEndpoints: endpoints,
    endpointToHostAction: random.pick(['Accept', 'Accept', 'Drop', 'Return']),
    kernelInput: random.pick(['Accept', 'Drop']),
  };
}

interface HostSite {
  readonly index: number;
  readonly node: string;
  readonly addresses: readonly string[];
}

function generateHost(random: Random, { index, node, addresses }: HostSite): HostEndpointObject {
  // Of several for one interface the first by name counts, which is not always the first made.
  const name = `${random.pick(['a', 'b', 'c'])}${index}-${node}`;
  const place = random.pick([
    { interfaceName: '*' },
    { interfaceName: '*', expectedIPs: addresses },
    { interfaceName: 'eth0' },
    { interfaceName: 'eth0', expectedIPs: addresses },
    { expectedIPs: addresses },
  ]);
  const ports = random.times(random.integer(0, 2), () => ({
    name: random.pick(portNamePool),
    protocol: random.pick(transportPool),
    port: random.pick(portNumberPool),
  }));
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'HostEndpoint',
    metadata: { name, uid: `host-${name}`, labels: generateLabels(random, podLabelPool) },
    spec: {
      node,
      ...place,
      ...(random.chance(0.5)
        ? { profiles: random.pick([['projectcalico-default-allow'], ['absent', 'projectcalico-default-allow']]) }
        : {}),
      // Names are known by address.
      ...('expectedIPs' in place ? { ports } : {}),
    },
  };
}

function isOfCluster(object: CalicoWorld['policyObjects'][number]): object is CalicoPolicyObject {
  return object.kind === 'GlobalNetworkPolicy' || object.kind === 'StagedGlobalNetworkPolicy';
}

/** "applyOnForward must be true if either preDNAT or doNotTrack is true"; "preDNAT policy cannot have any egress". */
function withFlags(random: Random, object: CalicoPolicyObject): CalicoPolicyObject {
  const { spec } = object;
  // What no rule before it is about.
  const last = random.pick([[], [{ action: 'Allow' }], [{ action: 'Deny' }]] as const);
  const kind = random.pick(['plain', 'forward', 'forward', 'preDNAT', 'untracked', 'untracked'] as const);
  switch (kind) {
    case 'plain':
      return object;
    case 'forward':
      return { ...object, spec: { ...spec, applyOnForward: true, ingress: [...(spec.ingress ?? []), ...last] } };
    case 'untracked': {
      const { types: _types, ...others } = spec;
      return { ...object, spec: { ...others, applyOnForward: true, doNotTrack: true } };
    }
    case 'preDNAT': {
      const { egress: _egress, types: _types, ...others } = spec;
      return { ...object, spec: { ...others, applyOnForward: true, preDNAT: true, ingress: [...(spec.ingress ?? []), ...last] } };
    }
    default:
      return kind satisfies never;
  }
}
