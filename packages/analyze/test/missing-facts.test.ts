import { parseManifest } from '@weir/kube';
import { engineProfiles } from '@weir/model';
import { type Address, cidrRange, defined, parseAddress, parseCidr } from '@weir/net';
import { type LoadSnapshotOptions, loadSnapshot } from '@weir/snapshot';
import { describe, expect, it } from 'vitest';
import { explainFlow, type FlowExplanation, type FlowRequest } from '../src/index.ts';

const shop = `
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: c, ports: [{name: sql, containerPort: 5432}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {clusterIP: 10.0.0.9, selector: {app: db}, ports: [{name: main, port: 15432, targetPort: sql}, {name: other, port: 9999, targetPort: nowhere}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress:
  - {to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: 5432}]}
`;

const blockFor = (block: string): string => `${shop}---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [{from: [{ipBlock: ${block}}]}]
`;

const ranges = (...texts: string[]): NonNullable<LoadSnapshotOptions['podRanges']> =>
  texts.flatMap((text) => {
    const cidr = parseCidr(text);
    return cidr === undefined ? [] : [cidrRange(cidr)];
  });

function ask(
  text: string,
  [source, destination, port]: readonly [string, string, number | string],
  options: LoadSnapshotOptions & Pick<FlowRequest, 'family'> = {},
): FlowExplanation {
  const { family, ...reading } = options;
  const snapshot = loadSnapshot(parseManifest(text, 'shop.yaml').documents, reading);
  return explainFlow(snapshot, { source, destination, protocol: 'TCP', port, ...(family === undefined ? {} : { family }) });
}

function answer(
  text: string,
  flow: Parameters<typeof ask>[1],
  options: LoadSnapshotOptions & Pick<FlowRequest, 'family'> = {},
): readonly string[] {
  const explanation = ask(text, flow, options);
  if (explanation.kind === 'refused') return ['refused', explanation.code];
  return explanation.verdicts.flatMap(({ verdict, missing }) => [verdict, ...missing]);
}

describe('a pod without an address', () => {
  const flow = ['shop/web', 'shop/db', 5432] as const;

  it('is in a block of every address', () => {
    expect(answer(blockFor('{cidr: 0.0.0.0/0}'), flow)).toEqual(['allow']);
  });

  it('is not in a block of the other family', () => {
    expect(answer(blockFor("{cidr: '::/0'}"), flow)).toEqual(['deny']);
    expect(answer(blockFor("{cidr: '::/0'}"), flow, { family: 6 })).toEqual(['allow']);
  });

  it('may be in any other block, and its address is named as the missing fact', () => {
    expect(answer(blockFor('{cidr: 10.0.0.0/8}'), flow)).toEqual(['unknown', 'the address of pod shop/web']);
    expect(answer(blockFor('{cidr: 0.0.0.0/0, except: [10.0.0.0/8]}'), flow)).toEqual(['unknown', 'the address of pod shop/web']);
  });

  it('is where the pods of the cluster are', () => {
    const podRanges = ranges('10.244.0.0/16');
    expect(answer(blockFor('{cidr: 10.0.0.0/8}'), flow, { podRanges })).toEqual(['allow']);
    expect(answer(blockFor('{cidr: 0.0.0.0/0, except: [10.0.0.0/8]}'), flow, { podRanges })).toEqual(['deny']);
    expect(answer(blockFor('{cidr: 10.244.7.0/24}'), flow, { podRanges })).toEqual(['unknown', 'the address of pod shop/web']);
    expect(answer(blockFor('{cidr: 203.0.113.0/24}'), flow, { podRanges })).toEqual(['deny']);
  });

  it('is where nodes say that pods are, while no pod is elsewhere', () => {
    const node = '---\napiVersion: v1\nkind: Node\nmetadata: {name: n1}\nspec: {podCIDRs: [10.244.0.0/24]}\n';
    const elsewhere = `---
apiVersion: v1
kind: Pod
metadata: {name: other, namespace: shop}
spec: {containers: []}
status: {podIP: 10.224.0.7}
`;
    expect(answer(blockFor('{cidr: 10.0.0.0/8}') + node, flow)).toEqual(['allow']);
    expect(answer(blockFor('{cidr: 10.0.0.0/8}') + node + elsewhere, flow)).toEqual(['unknown', 'the address of pod shop/web']);
  });
});

describe('a port by its name', () => {
  it('is the one that the pod or the service has under it', () => {
    expect(answer(shop, ['shop/web', 'shop/db', 'sql'])).toEqual(['allow']);
    expect(answer(shop.replaceAll('kind: Service', 'kind: ConfigMap'), ['shop/web', 'shop/db', 'sql'])).toEqual(['allow']);
    expect(
      answer(shop.replace('name: db, namespace: shop}\nspec: {clusterIP', 'name: front, namespace: shop}\nspec: {clusterIP'), [
        'shop/web',
        'shop/front',
        'main',
      ]),
    ).toEqual(['allow']);
  });

  it('is a missing fact where nobody has that name and the number decides', () => {
    expect(answer(shop, ['shop/web', 'shop/db', 'http'])).toEqual([
      'unknown',
      'the number of port http: pod shop/db has no such name, its ports are sql (5432/TCP)',
    ]);
  });

  it('does not matter where every number is treated alike', () => {
    expect(answer(shop, ['shop/db', 'shop/web', 'http'])).toEqual(['allow']);
    expect(answer(shop, ['shop/web', 'shop/web', 'http'])).toEqual(['allow']);
    expect(answer(shop.replace('ports: [{port: 5432}]', 'ports: []'), ['shop/web', 'shop/db', 'http'])).toEqual(['allow']);
  });

  it('is a missing fact where the target port of a service is a name that no pod has', () => {
    const named = shop.replace(
      'metadata: {name: db, namespace: shop}\nspec: {clusterIP',
      'metadata: {name: front, namespace: shop}\nspec: {clusterIP',
    );
    expect(answer(named, ['shop/web', 'shop/front', 9999])).toEqual([
      'unknown',
      'the number of port nowhere: pod shop/db has no such name, its ports are sql (5432/TCP)',
    ]);
  });
});

describe('an address that must be the cluster’s own and that no object has', () => {
  const serviceRanges = ranges('10.0.0.0/16');
  const unseen = 'what stands behind 10.0.0.77, an address for services: no Service among the objects has it';

  it('may be a Service that was not given, and the verdict waits for it', () => {
    expect(answer(shop, ['shop/web', '10.0.0.77', 5432], { serviceRanges })).toEqual(['unknown', unseen]);
    expect(answer(shop, ['shop/db', '10.0.0.77', 5432], { serviceRanges })).toEqual(['unknown', unseen]);
  });

  it('is a Service where a ServiceCIDR says so', () => {
    const range = '---\napiVersion: networking.k8s.io/v1\nkind: ServiceCIDR\nmetadata: {name: kubernetes}\nspec: {cidrs: [10.0.0.0/16]}\n';
    expect(answer(shop + range, ['shop/db', '10.0.0.77', 80])).toEqual(['unknown', unseen]);
    expect(answer(shop, ['shop/db', '10.0.0.77', 80])).toEqual(['allow']);
  });

  it('is denied whoever has it where the source may reach nobody', () => {
    const closed = shop.replace('  egress:\n  - {to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: 5432}]}\n', '');
    expect(answer(closed, ['shop/web', '10.0.0.77', 5432], { serviceRanges })).toEqual(['deny']);
  });

  it('may be a pod that was not given', () => {
    const podRanges = ranges('10.244.0.0/16');
    const pod = 'which pod has 10.244.3.3, an address for pods: none among the objects has it';
    expect(answer(shop, ['10.244.3.3', 'shop/db', 5432], { podRanges })).toEqual(['unknown', pod]);
    expect(answer(shop, ['shop/web', '10.244.3.3', 5432], { podRanges })).toEqual(['unknown', pod]);
    expect(answer(shop, ['shop/web', '192.0.2.1', 5432], { podRanges })).toEqual(['deny']);
  });
});

describe('a name that a rule lets through', () => {
  const objects = `
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: s, labels: {app: a}}
spec: {containers: [{name: c}]}
status: {podIP: 10.0.0.1}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: f, namespace: s}
spec:
  endpointSelector: {matchLabels: {app: a}}
  egress: [{toFQDNs: [{matchName: example.com}], toPorts: [{ports: [{port: "443", protocol: TCP}]}]}]
`;
  const answer = (port: number, names?: ReadonlyMap<string, readonly Address[]>): string => {
    const snapshot = loadSnapshot(parseManifest(objects, 'f').documents, {
      profile: engineProfiles.cilium,
      ...(names === undefined ? {} : { names }),
    });
    const explained = explainFlow(snapshot, { source: 's/a', destination: '192.0.2.7', protocol: 'TCP', port });
    return explained.kind === 'refused'
      ? explained.code
      : explained.verdicts.map(({ verdict, missing }) => [verdict, ...missing].join(': ')).join();
  };

  it('may have the address, where nobody told what it resolved to', () => {
    expect(answer(443)).toBe('unknown: whether example.com has 192.0.2.7: names are known once pods have looked them up');
    expect(answer(80)).toBe('deny');
    expect(answer(443, new Map([['example.com', [defined(parseAddress('192.0.2.8'), 'an address')]]]))).toBe('deny');
    expect(answer(443, new Map([['example.com', [defined(parseAddress('192.0.2.7'), 'an address')]]]))).toBe('allow');
  });
});
