/** What changes of a large service cost on a node with pods that may reach it: the list taken in, and the delta. */
import { performance } from 'node:perf_hooks';
import { Engine } from '@weir/calc';
import { type PlacedPolicy, type PolicyCompiler, type PolicyKind, policyKindName } from '@weir/compile';
import type { GroupMember, PolicyRef } from '@weir/model';
import { protocolNumber } from '@weir/net';

/** One kind of change, in milliseconds. */
export interface GroupChange {
  readonly what: string;
  readonly median: number;
  readonly max: number;
  /** Addresses in the delta. */
  readonly addresses: number;
}

const service = 'service/shop/big';
const kind: PolicyKind = { group: 'bench', versions: ['v1'], kind: 'ToService', plural: 'toservices', namespaced: true };
const ref: PolicyRef = { apiVersion: 'bench', kind: 'ToService', namespace: 'shop', name: 'to-big' };

const toService: PlacedPolicy = {
  tier: { name: 'default', order: 1, end: 'deny' },
  policy: {
    ref,
    order: 1,
    subject: { kind: 'all' },
    staged: false,
    egress: {
      isolates: true,
      rules: [
        {
          action: 'allow',
          match: { protocol: protocolNumber.TCP, source: {}, destination: { groups: [service] } },
          origin: { policy: ref, direction: 'egress', ruleIndex: 0 },
        },
      ],
    },
  },
};

const compiler: PolicyCompiler = {
  api: 'Calico',
  policyKinds: [kind],
  referredKinds: [],
  rules: { sections: [], actionOf: () => undefined, narrows: () => false },
  compile: () => ({ policies: [toService], diagnostics: [] }),
  closed: () => [],
};

/** As many endpoints, from an address on. */
function endpointsFrom(first: number, count: number, port = 8080): GroupMember[] {
  return Array.from({ length: count }, (_, i) => ({ address: { family: 4, words: [first + i] }, protocol: protocolNumber.TCP, port }));
}

/** Changes of a service with so many endpoints, `rounds` times each. */
export function measureGroupChanges(count: number, rounds: number): GroupChange[] {
  const engine = new Engine({ node: 'n1', compilers: [compiler] });
  for (const source of engine.sources) engine.setInSync(source);
  engine.upsertNamespace({ metadata: { name: 'shop' } });
  engine.upsertPod({
    metadata: { namespace: 'shop', name: 'client', uid: 'client' },
    spec: { nodeName: 'n1', containers: [] },
    status: { phase: 'Running', podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }] },
  });
  engine.upsertPolicyObject(policyKindName(kind), { metadata: { namespace: 'shop', name: 'to-big', uid: 'to-big' } });
  engine.flush();
  const [here, there] = [0x0a400000, 0x0a500000];
  const changes: Readonly<Record<string, (round: number) => readonly GroupMember[]>> = {
    'all endpoints are others': (round) => endpointsFrom(round % 2 === 0 ? here : there, count),
    'all endpoints serve another port': (round) => endpointsFrom(here, count, 8080 + (round % 2)),
    'one endpoint is another': (round) => [...endpointsFrom(here, count - 1), ...endpointsFrom(there + (round % 2), 1)],
    'the service goes, and comes': (round) => (round % 2 === 0 ? [] : endpointsFrom(here, count)),
  };
  return Object.entries(changes).map(([what, membersAt]) => {
    engine.upsertAddressGroup(service, membersAt(1));
    engine.flush();
    const times: number[] = [];
    let addresses = 0;
    for (let round = 0; round < rounds; round++) {
      const members = membersAt(round);
      const start = performance.now();
      engine.upsertAddressGroup(service, members);
      const delta = engine.flush();
      times.push(performance.now() - start);
      addresses = delta.addresses.upserts.length + delta.addresses.removals.length;
    }
    times.sort((a, b) => a - b);
    return { what, median: times[Math.floor(times.length / 2)] ?? 0, max: times.at(-1) ?? 0, addresses };
  });
}
