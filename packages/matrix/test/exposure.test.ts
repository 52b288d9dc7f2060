import type { Pod } from '@weir/kube';
import { portRangesContain } from '@weir/net';
import { flowsOf, generateWorld, NetworkPolicyOracle, type World, type WorldFlow } from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { absentPods } from '../src/absent-pods.ts';
import { type Exposure, type MatrixEnd, reportMatrix } from '../src/index.ts';
import { snapshotOfWorld } from './world-snapshot.ts';

/** The world with a pod of it, in a namespace that is new where that is so. */
function worldWith(world: World, endpoint: ReturnType<typeof absentPods>[number]): World {
  const isKnown = world.namespaces.some(({ metadata }) => metadata.name === endpoint.namespace);
  const pod: Pod = {
    metadata: { name: 'added', namespace: endpoint.namespace, labels: endpoint.labels.pod },
    spec: { containers: [] },
    status: { podIP: '10.224.200.200', podIPs: [{ ip: '10.224.200.200' }], phase: 'Running' },
  };
  const namespaces = isKnown ? [] : [{ metadata: { name: endpoint.namespace, labels: endpoint.labels.namespace } }];
  return { ...world, namespaces: [...world.namespaces, ...namespaces], pods: [...world.pods, pod] };
}

/** Whether the exposure tells a connection between an absent pod and a pod that is there. */
function tells({ ends, connections }: Exposure, [from, to]: readonly [string, string], { protocol, port }: WorldFlow): boolean {
  const has = (pod: string): Set<string> => new Set(ends.filter((end: MatrixEnd) => holds(end, pod)).map(({ name }) => name));
  const [sources, destinations] = [has(from), has(to)];
  return connections.some(
    (row) =>
      sources.has(row.from) &&
      destinations.has(row.to) &&
      row.families.includes(4) &&
      row.protocols.some(
        (one) => one.protocol === protocol && (port === undefined || one.ports === undefined || portRangesContain(one.ports, port)),
      ),
  );
}

function holds({ workloads }: MatrixEnd, pod: string): boolean {
  return workloads.some(({ namespace, pods }) => pods.some((name) => `${namespace}/${name}` === pod));
}

/** The world without rules about blocks: these could hold a pod's address, or not, which is left open for pods that have none. */
function withoutBlocks(world: World): World {
  const hasNoBlock = (rule: object): boolean => !JSON.stringify(rule).includes('ipBlock');
  const networkPolicies = world.networkPolicies.map((policy): World['networkPolicies'][number] => {
    const { ingress, egress, ...spec } = policy.spec ?? { podSelector: {} };
    return {
      ...policy,
      spec: {
        ...spec,
        ...(ingress === undefined ? {} : { ingress: ingress.filter(hasNoBlock) }),
        ...(egress === undefined ? {} : { egress: egress.filter(hasNoBlock) }),
      },
    };
  });
  return { ...world, networkPolicies };
}

describe('the exposure of a matrix', () => {
  const worlds = [9300, 9301, 9302].map((seed) => withoutBlocks(generateWorld(seed)));

  it.each(worlds.map((world, i) => [i, world] as const))('tells of world %i what the oracle says once such a pod is there', (_, world) => {
    const snapshot = snapshotOfWorld(world);
    const { exposure } = reportMatrix(snapshot, { exposure: true });
    const differences: string[] = [];
    let compared = 0;
    for (const endpoint of absentPods(snapshot).slice(0, 6)) {
      const added = worldWith(world, endpoint);
      const oracle = new NetworkPolicyOracle(added);
      const name = `${endpoint.namespace}/${endpoint.name}`;
      for (const flow of flowsOf(added)) {
        const { source, destination, port } = flow;
        if (source.kind !== 'pod' || destination.kind !== 'pod' || port === 0 || source.family === 6 || destination.family === 6) continue;
        const nameOf = (end: typeof source): string => (end.name === 'added' ? name : `${end.namespace}/${end.name}`);
        const pair = [nameOf(source), nameOf(destination)] as const;
        if (pair[0] === pair[1] || !pair.includes(name)) continue;
        compared++;
        const told = exposure !== undefined && tells(exposure, pair, flow);
        if (told !== oracle.verdict(flow).allowed)
          differences.push(`${pair.join(' → ')} ${flow.protocol} ${port ?? ''}: ${told ? 'told' : 'not told'}`);
      }
    }
    expect(differences).toEqual([]);
    expect(compared).toBeGreaterThan(100);
  });

  it('has a pod for each selector of a peer that no pod answers to, named by the labels that it needs', () => {
    const policy = {
      metadata: { name: 'p', namespace: 'shop' },
      spec: {
        podSelector: { matchLabels: { app: 'web' } },
        policyTypes: ['Ingress' as const, 'Egress' as const],
        ingress: [
          {
            from: [{ namespaceSelector: { matchLabels: { role: 'monitoring' } }, podSelector: { matchLabels: { app: 'prometheus' } } }],
            ports: [{ port: 9090 }],
          },
        ],
        egress: [
          {
            to: [{ podSelector: { matchExpressions: [{ key: 'app', operator: 'In' as const, values: ['db', 'cache'] }] } }],
            ports: [{ port: 5432 }],
          },
        ],
      },
    };
    const world: World = {
      namespaces: [{ metadata: { name: 'shop' } }],
      pods: [{ metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' } }, spec: { containers: [] } }],
      networkPolicies: [policy],
    };
    const { exposure } = reportMatrix(snapshotOfWorld(world), { exposure: true });
    const rows = exposure?.connections.map(({ from, to, traffic }) => `${from} → ${to}: ${traffic}`);
    expect(rows).toContain('[namespace with role=monitoring]/[pod with app=prometheus] → shop/web: TCP 9090');
    expect(rows).toContain('shop/web → shop/[pod with app=cache], shop/[pod with app=db]: TCP 5432');
    expect(reportMatrix(snapshotOfWorld(world)).exposure).toBeUndefined();
  });

  it('shows what policies say that stand apart from the pods that they are about', () => {
    const policy = {
      metadata: { name: 'api', namespace: 'shop' },
      spec: {
        podSelector: { matchLabels: { app: 'api' } },
        policyTypes: ['Ingress' as const, 'Egress' as const],
        ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: [{ port: 8080 }] }],
        egress: [{ to: [{ podSelector: { matchLabels: { app: 'db' } } }], ports: [{ port: 5432 }] }],
      },
    };
    const { exposure } = reportMatrix(snapshotOfWorld({ namespaces: [], pods: [], networkPolicies: [policy] }), { exposure: true });
    const rows = exposure?.connections.map(({ from, to, traffic }) => `${from} → ${to}: ${traffic}`);
    expect(rows).toEqual([
      '[another namespace]/[any pod], shop/[pod with app=db], shop/[pod with app=web] → 0.0.0.0/0: all traffic',
      'shop/[pod with app=api] → shop/[pod with app=db]: TCP 5432',
      'shop/[pod with app=web] → shop/[pod with app=api]: TCP 8080',
      '0.0.0.0/0 → [another namespace]/[any pod], shop/[pod with app=db], shop/[pod with app=web]: all traffic',
    ]);
  });
});
