import { computeMatrix, matrixOutcome } from '@weir/matrix';
import { explainQuestion, judgeQuestion, questionOf } from '@weir/model';
import { type Address, defined, type Family, type Flow, parseAddress, protocolNumber } from '@weir/net';
import { loadSnapshot, type Snapshot } from '@weir/snapshot';
import { endsOf, flowsOf, generateWorld, NetworkPolicyOracle, type World, type WorldFlow } from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { explainFlow } from '../src/index.ts';

let tried = 0;
const seeds = Array.from({ length: 12 }, (_, i) => 9000 + i);

function snapshotOf(world: World): Snapshot {
  const nodes = (world.nodes ?? []).map((node) => ({ ...node, apiVersion: 'v1', kind: 'Node' }));
  return loadSnapshot([
    ...world.namespaces.map((namespace) => ({ ...namespace, apiVersion: 'v1', kind: 'Namespace' })),
    ...world.pods.map((pod) => ({ ...pod, apiVersion: 'v1', kind: 'Pod' })),
    ...world.networkPolicies.map((policy) => ({ ...policy, apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' })),
    ...nodes,
  ]);
}

function nameOf(end: WorldFlow['source']): string {
  return end.kind === 'pod' ? `${end.namespace}/${end.name}` : end.address;
}

function familyOf({ source, destination }: WorldFlow): Family {
  const end = source.kind === 'address' ? source : destination;
  if (end.kind === 'pod') return end.family ?? 4;
  return end.address.includes(':') ? 6 : 4;
}

describe('evaluation and the independent oracle agree', () => {
  it.each(seeds)('on every flow of world %i', (seed) => {
    const world = generateWorld(seed);
    const snapshot = snapshotOf(world);
    expect(snapshot.diagnostics).toEqual([]);
    const oracle = new NetworkPolicyOracle(world);
    const differences: string[] = [];
    for (const [i, flow] of flowsOf(world).entries()) {
      // Every flow through the fast path, a sample through `why` with its trace.
      const expected = oracle.verdict(flow).allowed ? 'allow' : 'deny';
      const question = questionOf(snapshot.world, fiveTuple(snapshot, flow));
      if (judgeQuestion(snapshot.world, question) !== expected) differences.push(`${JSON.stringify(flow)}: not ${expected}`);
      if (i % 97 === 0) {
        const answer = explainFlow(snapshot, {
          source: nameOf(flow.source),
          destination: nameOf(flow.destination),
          protocol: flow.protocol,
          family: familyOf(flow),
          ...(flow.port === undefined ? {} : { port: flow.port }),
        });
        const verdict = answer.kind === 'answered' ? answer.verdicts[0]?.verdict : answer.code;
        if (flow.port !== 0 && verdict !== expected) differences.push(`why ${JSON.stringify(flow)}: ${verdict}, not ${expected}`);
      }
    }
    expect(differences).toEqual([]);
  });

  it.each(seeds)('that a change which is told to be enough lets the flow of world %i through', (seed) => {
    const world = generateWorld(seed);
    const snapshot = snapshotOf(world);
    const differences: string[] = [];
    for (const flow of flowsOf(world).filter((_, i) => i % 11 === 0)) {
      const { source, port } = flow;
      if (source.kind !== 'pod' || port === 0) continue;
      const { nearMisses } = explainQuestion(snapshot.world, questionOf(snapshot.world, fiveTuple(snapshot, flow)));
      for (const { isEnough, changes } of nearMisses) {
        const labels = changes.flatMap((change) =>
          change.kind === 'set label' && change.side === 'source' && change.space === 'pod' ? [[change.key, change.values?.[0] ?? '']] : [],
        );
        const ports = changes.flatMap((change) => (change.kind === 'use port' && change.side === 'destination' ? change.ports : []));
        if (labels.length + Math.min(1, ports.length) !== changes.length) continue;
        const pods = world.pods.map((pod) => {
          const isSource = pod.metadata.name === source.name && pod.metadata.namespace === source.namespace;
          return isSource
            ? { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, ...Object.fromEntries(labels) } } }
            : pod;
        });
        const asked = ports[0] === undefined ? flow : { ...flow, port: ports[0].first };
        const { allowed } = new NetworkPolicyOracle({ ...world, pods }).verdict(asked);
        tried += 1;
        if (allowed !== isEnough)
          differences.push(`${JSON.stringify(flow)}: ${JSON.stringify(changes)} is ${isEnough ? '' : 'not '}enough`);
      }
    }
    expect(differences).toEqual([]);
  });

  it('such changes were tried', () => {
    expect(tried).toBeGreaterThan(50);
  });

  it.each(seeds.slice(0, 4))('on the matrix of world %i, computed on classes', (seed) => {
    const world = generateWorld(seed);
    const snapshot = snapshotOf(world);
    const oracle = new NetworkPolicyOracle(world);
    const matrix = computeMatrix(snapshot, {
      ports: [
        { protocol: protocolNumber.TCP, port: 80 },
        { protocol: protocolNumber.UDP, port: 53 },
      ],
    });
    const pods = endsOf(world, 4).filter((end) => end.kind === 'pod');
    // A pod without an address yet is in the matrix, and no end for the oracle.
    const named = [...matrix.classOf.keys()].filter((name) => snapshot.endpoints.get(name)?.addresses.length !== 0);
    expect(named.sort()).toEqual(pods.map(nameOf).sort());
    for (const source of pods) {
      for (const destination of pods) {
        const verdicts = [
          oracle.verdict({ source, destination, protocol: 'TCP', port: 80 }),
          oracle.verdict({ source, destination, protocol: 'UDP', port: 53 }),
        ].map(({ allowed }) => (allowed ? 'allow' : 'deny'));
        const computed = [0, 1].map((port) => matrixOutcome(matrix, nameOf(source), nameOf(destination), port));
        expect(computed, `${nameOf(source)} to ${nameOf(destination)}`).toEqual(verdicts);
      }
    }
  });
});

function fiveTuple(snapshot: Snapshot, flow: WorldFlow): Flow {
  const family = familyOf(flow);
  const addressOf = (end: WorldFlow['source']): Address => {
    const address =
      end.kind === 'address'
        ? parseAddress(end.address)
        : snapshot.endpoints.get(nameOf(end))?.addresses.find((candidate) => candidate.family === family);
    return defined(address, `no address for ${nameOf(end)}`);
  };
  const icmp = family === 4 ? protocolNumber.ICMP : protocolNumber.ICMPv6;
  return {
    source: addressOf(flow.source),
    destination: addressOf(flow.destination),
    protocol: flow.protocol === 'ICMP' ? icmp : protocolNumber[flow.protocol],
    ...(flow.port === undefined ? {} : { destinationPort: flow.port }),
  };
}
