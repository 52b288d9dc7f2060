/** Clusters that are large in one way each, in which a search that asks everything about everything would take for ever. */
import type { KubeObject } from '@weir/kube';
import { type EngineProfile, engineProfiles } from '@weir/model';

/** A cluster of any size. */
export interface HardWorld {
  readonly name: string;
  readonly profile: EngineProfile;
  /** As many of that of which it has many. */
  objects(count: number): KubeObject[];
}

const { kubernetes, calico, cilium } = engineProfiles;

/** All of them. */
export const hardWorlds: readonly HardWorld[] = [
  {
    name: 'policies with a typo each, in one namespace of as many apps',
    profile: kubernetes,
    objects: (count) => [
      ...many(count, (i) => pod(`p${i}`, { app: word(i) })),
      ...many(count, (i) => networkPolicy(`p${i}`, { app: word(i) }, [{ from: [peer({ app: typoOf(word(i)) })] }])),
    ],
  },
  {
    name: 'policies with a misspelt key each, of pods with a key each',
    profile: kubernetes,
    objects: (count) => [
      ...many(count, (i) => pod(`p${i}`, { app: word(i), [word(i)]: 'yes' })),
      ...many(count, (i) => networkPolicy(`p${i}`, { app: word(i) }, [{ from: [peer({ [typoOf(word(i))]: 'yes' })] }])),
    ],
  },
  {
    name: 'policies that name a namespace that is misspelt, of as many',
    profile: kubernetes,
    objects: (count) => [
      pod('web', { app: 'web' }),
      ...many(count, (i): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: word(i) } })),
      ...many(count, (i) =>
        networkPolicy(`p${i}`, { app: 'web' }, [
          { from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': typoOf(word(i)) } } }] },
        ]),
      ),
    ],
  },
  {
    name: 'pods with labels of their own, and a policy for each',
    profile: kubernetes,
    objects: (count) => [
      ...many(count, (i) => pod(`p${i}`, { app: word(i), index: String(i) })),
      ...many(count, (i) => networkPolicy(`p${i}`, { app: word(i) }, [{ from: [peer({ index: String((i * 7) % count) })] }])),
    ],
  },
  {
    name: 'rules of names outside (toFQDNs), of one pod',
    profile: cilium,
    objects: (count) => [
      pod('web', { app: 'web' }),
      ciliumPolicy('names', [...many(count, (i) => ({ toFQDNs: [{ matchName: `${word(i)}.example.com` }] }))]),
    ],
  },
  {
    name: 'policies with a name outside each (toFQDNs), of as many pods',
    profile: cilium,
    objects: (count) => [
      ...many(count, (i) => pod(`p${i}`, { app: word(i) })),
      ...many(count, (i) => ciliumPolicy(`p${i}`, [{ toFQDNs: [{ matchName: `${word(i)}.example.com` }] }], word(i))),
    ],
  },
  {
    name: 'blocks with an exception each, in one rule',
    profile: kubernetes,
    objects: (count) => [
      pod('web', { app: 'web' }),
      networkPolicy('blocks', { app: 'web' }, [{ from: [...many(count, (i) => blockWithException(i))] }]),
    ],
  },
  {
    name: 'policies of a block with an exception each, of one pod',
    profile: kubernetes,
    objects: (count) => [
      pod('web', { app: 'web' }),
      ...many(count, (i) => networkPolicy(`p${i}`, { app: 'web' }, [{ from: [blockWithException(i)] }])),
    ],
  },
  {
    name: 'ports of one rule',
    profile: kubernetes,
    objects: (count) => [
      pod('web', { app: 'web' }),
      networkPolicy('ports', { app: 'web' }, [
        { from: [peer({ app: 'web' })], ports: [...many(count, (i) => ({ protocol: 'TCP', port: 2 * i + 1 }))] },
      ]),
    ],
  },
  {
    name: 'rules of a port each',
    profile: kubernetes,
    objects: (count) => [
      pod('web', { app: 'web' }),
      pod('api', { app: 'api' }),
      networkPolicy('ports', { app: 'web' }, [
        ...many(count, (i) => ({ from: [peer({ app: 'api' })], ports: [{ protocol: 'TCP', port: 2 * i + 1 }] })),
      ]),
    ],
  },
  {
    name: 'tiers with a hundred ordered policies each',
    profile: calico,
    objects: (count) => [
      pod('web', { app: 'web' }),
      pod('api', { app: 'api' }),
      ...many(hundredth(count), (i) => tier(`t${i}`, i)),
      ...many(count, (i) =>
        globalPolicy(`t${i % hundredth(count)}.p${i}`, {
          tier: `t${i % hundredth(count)}`,
          order: i,
          action: i % 3 === 0 ? 'Deny' : 'Pass',
          port: i + 1,
        }),
      ),
    ],
  },
  {
    name: 'ordered policies of one tier that allow and deny in turn',
    profile: calico,
    objects: (count) => [
      pod('web', { app: 'web' }),
      pod('api', { app: 'api' }),
      ...many(count, (i) => globalPolicy(`p${i}`, { order: i, action: i % 2 === 0 ? 'Allow' : 'Deny', port: (i % 60_000) + 1 })),
    ],
  },
  {
    name: 'policies of equal order that allow and deny in turn',
    profile: calico,
    objects: (count) => [
      pod('web', { app: 'web' }),
      pod('api', { app: 'api' }),
      ...many(count, (i) => globalPolicy(`p${i}`, { order: 1, action: i % 2 === 0 ? 'Allow' : 'Deny', port: (i % 60_000) + 1 })),
    ],
  },
  {
    name: 'policies of equal order that allow and deny the same in turn',
    profile: calico,
    objects: (count) => [
      pod('web', { app: 'web' }),
      pod('api', { app: 'api' }),
      ...many(count, (i) => globalPolicy(`p${i}`, { order: 1, action: i % 2 === 0 ? 'Allow' : 'Deny', port: 80 })),
    ],
  },
  {
    name: 'policies that are all alike',
    profile: kubernetes,
    objects: (count) => [
      pod('web', { app: 'web' }),
      pod('api', { app: 'api' }),
      ...many(count, (i) => networkPolicy(`p${i}`, { app: 'web' }, [{ from: [peer({ app: 'api' })], ports: [{ port: 80 }] }])),
    ],
  },
  {
    name: 'namespaces with a default deny and a pod each',
    profile: kubernetes,
    objects: (count) => [
      ...many(count, (i): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: `n${i}` } })),
      ...many(count, (i) => pod('web', { app: 'web' }, `n${i}`)),
      ...many(count, (i) => networkPolicy('deny', undefined, [], `n${i}`)),
    ],
  },
  {
    name: 'services in front of as many apps, with blocks that hold their addresses',
    profile: kubernetes,
    objects: (count) => [
      ...many(count, (i) => pod(`p${i}`, { app: word(i) })),
      ...many(count, (i): KubeObject => {
        const spec = { clusterIP: `10.0.${i >> 8}.${i & 255}`, selector: { app: word(i) }, ports: [{ port: 80, targetPort: 8080 }] };
        return { apiVersion: 'v1', kind: 'Service', metadata: { name: `s${i}`, namespace: 'shop' }, spec } as KubeObject;
      }),
      ...many(count, (i) => networkPolicy(`p${i}`, { app: word(i) }, [{ from: [{ ipBlock: { cidr: `10.0.${i >> 8}.${i & 255}/32` } }] }])),
    ],
  },
];

function many<T>(count: number, one: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => one(index));
}

const syllables = ['ba', 'ke', 'lo', 'mi', 'nu', 'pra', 'sta', 'vor', 'zel', 'qui'];

/** Another word for each number, of letters alone. */
function word(index: number): string {
  return String(index)
    .padStart(5, '0')
    .replaceAll(/\d/g, (digit) => syllables[Number(digit)] ?? '');
}

/** The word with two letters the other way round. */
function typoOf(text: string): string {
  return `${text.slice(0, 2)}${text[3] ?? ''}${text[2] ?? ''}${text.slice(4)}`;
}

function pod(name: string, labels: Record<string, string>, namespace = 'shop'): KubeObject {
  const containers = [{ name: 'main', image: 'main', ports: [{ containerPort: 8080, name: 'http' }] }];
  return { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name, labels }, spec: { nodeName: 'one', containers } } as KubeObject;
}

function peer(matchLabels: Record<string, string>): object {
  return { podSelector: { matchLabels } };
}

function networkPolicy(
  name: string,
  matchLabels: Record<string, string> | undefined,
  ingress: readonly object[],
  namespace = 'shop',
): KubeObject {
  const podSelector = matchLabels === undefined ? {} : { matchLabels };
  const spec = { podSelector, policyTypes: ['Ingress'], ingress };
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { namespace, name }, spec } as unknown as KubeObject;
}

function ciliumPolicy(name: string, egress: readonly object[], app = 'web'): KubeObject {
  const spec = { endpointSelector: { matchLabels: { app } }, egress };
  return { apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', metadata: { namespace: 'shop', name }, spec } as unknown as KubeObject;
}

function blockWithException(index: number): object {
  const start = `20.${index >> 8}.${index & 255}`;
  return { ipBlock: { cidr: `${start}.0/24`, except: [`${start}.128/25`] } };
}

function globalPolicy(
  name: string,
  { port, action, ...others }: { readonly tier?: string; readonly order: number; readonly action: string; readonly port: number },
): KubeObject {
  const ingress = [{ action, protocol: 'TCP', source: { selector: "app == 'api'" }, destination: { ports: [port] } }];
  const spec = { ...others, selector: "app == 'web'", types: ['Ingress'], ingress };
  return { apiVersion: 'projectcalico.org/v3', kind: 'GlobalNetworkPolicy', metadata: { name }, spec } as unknown as KubeObject;
}

function hundredth(count: number): number {
  return Math.ceil(count / 100);
}

function tier(name: string, order: number): KubeObject {
  return { apiVersion: 'projectcalico.org/v3', kind: 'Tier', metadata: { name }, spec: { order } } as unknown as KubeObject;
}
