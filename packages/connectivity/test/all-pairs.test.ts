import { engineProfiles, type FlowEnd, judgeQuestion, type Outcome, type PolicyWorld, systemOfEndpoint } from '@weir/model';
import { defined, type Family, formatAddress, parseAddress, portRangesContain, protocolNumber } from '@weir/net';
import { loadSnapshot, type Snapshot } from '@weir/snapshot';
import {
  endsOf,
  flowsOf,
  generateWorld,
  type MixedFlow,
  MixedOracle,
  type MixedWorld,
  NetworkPolicyOracle,
  type OracleEngine,
  objectsOf,
  type PolicyMix,
  Random,
  runSize,
  toldWorld,
  type World,
  type WorldFlow,
  withHostEndpoints,
  withMixedPolicies,
} from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { type Connectivity, computeConnectivity, type TrafficClass } from '../src/index.ts';

const { firstSeed, count } = runSize(2);
const seeds = Array.from({ length: count }, (_, i) => 61_000 + firstSeed + i);
const mixes: readonly PolicyMix[] = ['calico', 'cilium', 'all'];

/** The world without the addresses of some pods and without some namespaces, as manifests have them. */
function partlyKnown(world: World, seed: number): World {
  const random = new Random(seed);
  return {
    ...world,
    namespaces: world.namespaces.filter(() => random.chance(0.7)),
    pods: world.pods.map((pod) => (random.chance(0.4) ? { ...pod, status: { phase: 'Pending' } } : pod)),
  };
}

function mixedWorld(seed: number, mix: PolicyMix): MixedWorld {
  // Nobody has looked up a name yet.
  return { ...withMixedPolicies(generateWorld(seed, { podCountMin: 8, policyCountMin: 2 }), seed, mix), resolved: {} };
}

/** Asks the classes of ends about two ends. */
class Pairs {
  readonly #connectivity: Connectivity;
  readonly #world: PolicyWorld;
  readonly places: { readonly at: number; readonly end: FlowEnd }[] = [];

  constructor(snapshot: Snapshot, family: Family, world?: World) {
    const hosts =
      world === undefined ? [] : endsOf(world, family).flatMap((end) => (end.kind === 'address' ? (parseAddress(end.address) ?? []) : []));
    this.#world = snapshot.world;
    this.#connectivity = computeConnectivity(snapshot, { family, hosts });
    for (const [at, { ends }] of this.#connectivity.ends.classes.entries()) for (const end of ends) this.places.push({ at, end });
  }

  get traffic(): readonly TrafficClass[] {
    return this.#connectivity.traffic;
  }

  outcome(source: Pairs['places'][number], destination: Pairs['places'][number], traffic: TrafficClass): Outcome {
    if (isSame(source.end, destination.end)) return 'allow';
    if (ownNodeOf(source.end, destination.end) === 'to') return boundsAt(this.#connectivity.toOwnNode(source.at, traffic), destination.at);
    if (ownNodeOf(source.end, destination.end) === 'from') return 'allow';
    const towards = boundsAt(this.#connectivity.destinations(source.at, traffic), destination.at);
    const back = boundsAt(this.#connectivity.sources(destination.at, traffic), source.at);
    const alone = this.#connectivity.between(source.at, destination.at, traffic);
    if (alone !== towards) throw new Error(`${towards} among all is ${alone} alone`);
    if (back !== towards) throw new Error(`${towards} seen from the source is ${back} seen from the destination`);
    return towards;
  }

  judged(source: FlowEnd, destination: FlowEnd, { protocol, port, sourcePort, icmp }: TrafficClass): Outcome {
    return judgeQuestion(this.#world, {
      source,
      destination,
      protocol,
      family: this.#connectivity.ends.family,
      ...(port === undefined ? {} : { destinationPort: port }),
      ...(sourcePort === undefined ? {} : { sourcePort }),
      ...(icmp === undefined ? {} : { icmp }),
    });
  }
}

function boundsAt({ certain, possible }: ReturnType<Connectivity['destinations']>, at: number): Outcome {
  if (certain.has(at)) return 'allow';
  return possible.has(at) ? 'unknown' : 'deny';
}

function isSame(source: FlowEnd, destination: FlowEnd): boolean {
  return source.kind === 'endpoint' && destination.kind === 'endpoint' && source.endpoint.uid === destination.endpoint.uid;
}

function ownNodeOf(source: FlowEnd, destination: FlowEnd): 'to' | 'from' | undefined {
  if (source.kind === 'endpoint' && destination.kind === 'node') return source.endpoint.node === destination.node.name ? 'to' : undefined;
  if (source.kind === 'node' && destination.kind === 'endpoint') return destination.endpoint.node === source.node.name ? 'from' : undefined;
  return undefined;
}

function nameOf(end: FlowEnd): string {
  if (end.kind === 'endpoint') return `${end.endpoint.namespace}/${end.endpoint.name} ${systemOfEndpoint(end.endpoint)}`;
  return end.address === undefined ? '' : formatAddress(end.address);
}

/** So much traffic of a world is tried, spread over all of it. */
const triedTraffic = 10;

/** Every pair of ends that is answered otherwise than evaluation answers. */
function differences(snapshot: Snapshot): string[] {
  const wrong: string[] = [];
  for (const family of [4, 6] as const) {
    const pairs = new Pairs(snapshot, family);
    const step = Math.ceil(pairs.traffic.length / triedTraffic);
    for (const traffic of pairs.traffic.filter((_, at) => at % step === 0)) {
      for (const source of pairs.places) {
        for (const destination of pairs.places) {
          if (wrong.length > 4) return wrong;
          const judged = pairs.judged(source.end, destination.end, traffic);
          const found = pairs.outcome(source, destination, traffic);
          if (found !== judged)
            wrong.push(`${nameOf(source.end)} ${nameOf(destination.end)} ${JSON.stringify(traffic)}: ${found}, not ${judged}`);
        }
      }
    }
  }
  return wrong;
}

describe('all pairs at once', () => {
  it.each(seeds)('are what single questions are answered, also where facts are missing, in world %i', (seed) => {
    const world = generateWorld(seed);
    const outcomes = [world, partlyKnown(world, seed)].flatMap((one) =>
      (['kubernetes', 'azure', 'cilium'] as const).map((engine) =>
        differences(loadSnapshot(objectsOf(one), { profile: engineProfiles[engine] })),
      ),
    );
    expect(outcomes.flat()).toEqual([]);
  });

  it.each(seeds.flatMap((seed) => mixes.map((mix) => [seed, mix] as const)))(
    'are what single questions are answered in world %i with policies of %s beside those of Kubernetes',
    (seed, mix) => {
      const world = toldWorld(mixedWorld(seed, mix));
      expect(differences(loadSnapshot(objectsOf(world)))).toEqual([]);
      expect(differences(loadSnapshot(objectsOf(partlyKnown(world, seed))))).toEqual([]);
    },
  );

  it.each(seeds)('pass the host endpoints on their way in world %i', (seed) => {
    const world = withHostEndpoints(mixedWorld(seed, 'calico'), seed);
    const settings = {
      apiVersion: 'projectcalico.org/v3',
      kind: 'FelixConfiguration',
      metadata: { name: 'default' },
      spec: { defaultEndpointToHostAction: world.endpointToHostAction },
    };
    const objects = [...objectsOf(toldWorld({ ...mixedWorld(seed, 'calico'), ...world })), ...(world.hostEndpoints ?? []), settings];
    const snapshot = loadSnapshot(objects);
    expect(snapshot.world.asksHosts).toBe(true);
    expect(differences(snapshot)).toEqual([]);
  });

  it.each(seeds)('agree with the oracle on every flow of world %i', (seed) => {
    const world = generateWorld(seed);
    for (const engine of ['kubernetes', 'azure', 'cilium'] as const) {
      const snapshot = loadSnapshot(objectsOf(world), { profile: engineProfiles[engine] });
      expect(unlike(snapshot, world, new NetworkPolicyOracle(world, engine satisfies OracleEngine))).toEqual([]);
    }
  });

  it.each(seeds.flatMap((seed) => mixes.map((mix) => [seed, mix] as const)))(
    'agree with the oracle on every flow of world %i with policies of %s',
    (seed, mix) => {
      const world = mixedWorld(seed, mix);
      expect(unlike(loadSnapshot(objectsOf(toldWorld(world))), world, new MixedOracle(world))).toEqual([]);
    },
  );
});

/** The flows that the oracle judges otherwise. */
function unlike(snapshot: Snapshot, world: World, oracle: { verdict(flow: MixedFlow): { readonly allowed: boolean } }): string[] {
  const byFamily = new Map(([4, 6] as const).map((family) => [family, new Pairs(snapshot, family, world)] as const));
  const wrong: string[] = [];
  for (const flow of flowsOf(world)) {
    const family = [flow.source, flow.destination].some((end) => (end.kind === 'pod' ? end.family === 6 : end.address.includes(':')))
      ? 6
      : 4;
    const pairs = defined(byFamily.get(family), 'both families are computed');
    const [source, destination] = [flow.source, flow.destination].map((end) => defined(placeOf(pairs, end, family), JSON.stringify(end)));
    const asked = askedOf(flow, family);
    const traffic = defined(
      pairs.traffic.find((each) => holds(each, asked, family)) ??
        pairs.traffic.findLast(({ icmp }) => asked.icmp !== undefined && icmp !== undefined),
      'all traffic is in a class',
    );
    const expected = oracle.verdict(asked).allowed ? 'allow' : 'deny';
    const found = pairs.outcome(defined(source, ''), defined(destination, ''), traffic);
    if (found !== expected && wrong.length < 5) wrong.push(`${JSON.stringify(asked)}: ${found}, not ${expected}`);
  }
  return wrong;
}

/** The flow from a port that no rule names, and with the message that pings have. */
function askedOf(flow: WorldFlow, family: Family): MixedFlow {
  if (flow.protocol !== 'ICMP') return { ...flow, sourcePort: 40_001 };
  const type = family === 6 ? 128 : 8;
  return { ...flow, icmpType: type, icmp: { type, code: 0 } };
}

function holds(each: TrafficClass, flow: MixedFlow, family: Family): boolean {
  if (flow.protocol !== 'ICMP')
    return (
      each.protocol === protocolNumber[flow.protocol] &&
      portRangesContain(each.ports ?? [], flow.port ?? 0) &&
      (each.sourcePorts === undefined || portRangesContain(each.sourcePorts, flow.sourcePort ?? 0))
    );
  if (each.protocol !== (family === 4 ? protocolNumber.ICMP : protocolNumber.ICMPv6)) return false;
  return each.icmp === undefined || (each.icmp.type === flow.icmp?.type && each.icmp.code === flow.icmp.code);
}

function placeOf(pairs: Pairs, end: WorldFlow['source'], family: Family): Pairs['places'][number] | undefined {
  if (end.kind === 'address') {
    const address = parseAddress(end.address);
    const text = address === undefined ? '' : formatAddress(address);
    return pairs.places.find((place) => place.end.address !== undefined && formatAddress(place.end.address) === text);
  }
  return pairs.places.find(
    (place) =>
      place.end.kind === 'endpoint' &&
      place.end.endpoint.namespace === end.namespace &&
      place.end.endpoint.name === end.name &&
      place.end.address?.family === family,
  );
}
