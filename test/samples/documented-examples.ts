/** Examples of the documentation of Kubernetes, platforms, Calico and Cilium, in words of our own, with the connections that it says they have. */
import type { Sample } from './sample.ts';

/** A NetworkPolicy by its spec, in one line. */
function policy(name: string, namespace: string, spec: string): string {
  return `---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: { ${spec} }\n`;
}

/** One of Calico or of Cilium. */
function policyOf(apiVersion: string, kind: string, metadata: string, spec: string): string {
  return `---\napiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { ${metadata} }\nspec:\n${spec.replaceAll(/^/gm, '  ')}\n`;
}
const calico = 'projectcalico.org/v3';
const cilium = 'cilium.io/v2';

const ofKubernetes: readonly Sample[] = [
  {
    title: 'lets a database be asked by a block, a project and a front, and write to one network (page of Kubernetes)',
    namespaces: { partner: { project: 'myproject' } },
    pods: {
      'default/db': { role: 'db' },
      'default/frontend': { role: 'frontend' },
      'default/other': { role: 'other' },
      'partner/job': {},
      'stranger/frontend': { role: 'frontend' },
    },
    addresses: ['172.17.5.5', '172.17.1.9', '10.0.0.7', '10.0.1.7'],
    policies: policy(
      'db',
      'default',
      `podSelector: { matchLabels: { role: db } }, policyTypes: [Ingress, Egress],
  ingress: [{ from: [{ ipBlock: { cidr: 172.17.0.0/16, except: [172.17.1.0/24] } }, { namespaceSelector: { matchLabels: { project: myproject } } }, { podSelector: { matchLabels: { role: frontend } } }], ports: [{ protocol: TCP, port: 6379 }] }],
  egress: [{ to: [{ ipBlock: { cidr: 10.0.0.0/24 } }], ports: [{ protocol: TCP, port: 5978 }] }]`,
    ),
    ports: ['6379', '5978', '6379/UDP'],
    known: [
      'deny * -> default/db',
      'deny default/db -> *',
      'allow 172.17.5.5, partner/job, default/frontend -> default/db 6379',
      'allow default/db -> 10.0.0.7 5978',
    ],
  },
  {
    title: 'opens a range of ports of one network (page of Kubernetes)',
    pods: { 'default/db': { role: 'db' }, 'default/other': {} },
    addresses: ['10.0.0.7'],
    policies: policy(
      'range',
      'default',
      'podSelector: { matchLabels: { role: db } }, policyTypes: [Egress], egress: [{ to: [{ ipBlock: { cidr: 10.0.0.0/24 } }], ports: [{ protocol: TCP, port: 32000, endPort: 32768 }] }]',
    ),
    ports: ['31999', '32000', '32768', '32769', '32000/UDP'],
    known: ['deny default/db -> *', 'allow default/db -> 10.0.0.7 32000, 32768'],
  },
  {
    title: 'lets an application call namespaces by several values of a label (page of Kubernetes)',
    namespaces: { fe: { namespace: 'frontend' }, be: { namespace: 'backend' }, other: { namespace: 'other' } },
    pods: { 'default/my': { app: 'myapp' }, 'fe/pod': {}, 'be/pod': {}, 'other/pod': {} },
    policies: policy(
      'namespaces',
      'default',
      'podSelector: { matchLabels: { app: myapp } }, policyTypes: [Egress], egress: [{ to: [{ namespaceSelector: { matchExpressions: [{ key: namespace, operator: In, values: [frontend, backend] }] } }] }]',
    ),
    ports: ['80', '53/UDP'],
    known: ['deny default/my -> *', 'allow default/my -> fe/pod, be/pod'],
  },
  {
    title: 'lets foo call hello and look up names, and nobody else call hello (tutorial of GKE)',
    pods: { 'default/hello': { app: 'hello' }, 'default/foo': { app: 'foo' }, 'default/other': { app: 'other' } },
    policies:
      policy(
        'hello-from-foo',
        'default',
        'podSelector: { matchLabels: { app: hello } }, policyTypes: [Ingress], ingress: [{ from: [{ podSelector: { matchLabels: { app: foo } } }] }]',
      ) +
      policy(
        'foo-to-hello',
        'default',
        'podSelector: { matchLabels: { app: foo } }, policyTypes: [Egress], egress: [{ to: [{ podSelector: { matchLabels: { app: hello } } }] }, { ports: [{ port: 53, protocol: TCP }, { port: 53, protocol: UDP }] }]',
      ),
    ports: ['8080', '53', '53/UDP'],
    known: ['deny default/foo -> *', 'allow default/foo -> * 53, 53/UDP', 'deny * -> default/hello', 'allow default/foo -> default/hello'],
  },
  {
    title: 'keeps a project to itself, its routers and its monitoring (pages of OpenShift)',
    namespaces: {
      shop: {},
      'openshift-ingress': { 'network.openshift.io/policy-group': 'ingress' },
      'openshift-monitoring': { 'network.openshift.io/policy-group': 'monitoring' },
    },
    pods: { 'shop/web': {}, 'shop/db': {}, 'openshift-ingress/router': {}, 'openshift-monitoring/prometheus': {}, 'other/pod': {} },
    policies: [
      policy('deny-by-default', 'shop', 'podSelector: {}, ingress: []'),
      policy('same-namespace', 'shop', 'podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }]'),
      ...['ingress', 'monitoring'].map((group) =>
        policy(
          group,
          'shop',
          `podSelector: {}, policyTypes: [Ingress], ingress: [{ from: [{ namespaceSelector: { matchLabels: { network.openshift.io/policy-group: ${group} } } }] }]`,
        ),
      ),
    ].join(''),
    ports: ['8080'],
    known: ['deny * -> shop/*', 'allow shop/*, openshift-ingress/router, openshift-monitoring/prometheus -> shop/*'],
  },
];

const advanced = {
  'advanced/nginx': { app: 'nginx' },
  'advanced/access': { run: 'access' },
  'kube-system/dns': { 'k8s-app': 'kube-dns' },
  'default/other': {},
};

const ofCalico: readonly Sample[] = [
  {
    title: "closes a namespace both ways and opens names and one call (Calico's advanced tutorial)",
    engine: 'calico',
    namespaces: { advanced: {}, 'kube-system': { name: 'kube-system' } },
    pods: advanced,
    policies: [
      policy('closed', 'advanced', 'podSelector: {}, policyTypes: [Ingress, Egress]'),
      policy(
        'nginx',
        'advanced',
        'podSelector: { matchLabels: { app: nginx } }, ingress: [{ from: [{ podSelector: { matchLabels: { run: access } } }] }]',
      ),
      policy(
        'names',
        'advanced',
        'podSelector: {}, policyTypes: [Egress], egress: [{ to: [{ namespaceSelector: { matchLabels: { name: kube-system } } }], ports: [{ protocol: UDP, port: 53 }] }]',
      ),
      policy(
        'to-nginx',
        'advanced',
        'podSelector: {}, policyTypes: [Egress], egress: [{ to: [{ podSelector: { matchLabels: { app: nginx } } }] }]',
      ),
    ].join(''),
    ports: ['80', '53/UDP'],
    known: [
      'deny * -> advanced/*',
      'deny advanced/* -> *',
      'allow advanced/* -> kube-system/dns 53/UDP',
      'allow advanced/access -> advanced/nginx',
    ],
  },
  {
    title: "closes all namespaces but the system's, and opens one call (Calico's tutorial of its own policies)",
    engine: 'calico',
    pods: advanced,
    policies: [
      policyOf(
        calico,
        'GlobalNetworkPolicy',
        'name: closed',
        "selector: projectcalico.org/namespace not in {'kube-system', 'calico-system'}\ntypes: [Ingress, Egress]",
      ),
      policyOf(
        calico,
        'NetworkPolicy',
        'name: access, namespace: advanced',
        "selector: run == 'access'\ntypes: [Egress]\negress: [{ action: Allow }]",
      ),
      policyOf(
        calico,
        'NetworkPolicy',
        'name: nginx, namespace: advanced',
        "selector: app == 'nginx'\ntypes: [Ingress]\ningress: [{ action: Allow, source: { selector: run == 'access' } }]",
      ),
    ].join(''),
    ports: ['80', '53/UDP'],
    known: [
      'deny * -> advanced/*, default/other',
      'deny advanced/*, default/other -> *',
      'allow advanced/access -> advanced/nginx, kube-system/dns, outside',
    ],
  },
  {
    title: "denies one colour another one's port before it allows the rest (order of Calico's policies)",
    engine: 'calico',
    pods: { 'default/red': { color: 'red' }, 'default/blue': { color: 'blue' }, 'elsewhere/blue': { color: 'blue' }, 'default/green': {} },
    policies: [
      policyOf(
        calico,
        'GlobalNetworkPolicy',
        'name: z-deny-blue',
        "order: 10\nselector: color == 'red'\ningress: [{ action: Deny, protocol: TCP, source: { selector: color == 'blue' }, destination: { ports: [80, '8000:8100'] } }]",
      ),
      policyOf(
        calico,
        'GlobalNetworkPolicy',
        'name: a-allow',
        "order: 20\nselector: color == 'red'\ningress: [{ action: Allow, source: { notNets: [203.0.113.0/24] } }]",
      ),
    ].join(''),
    addresses: ['198.51.100.7'],
    ports: ['80', '80/UDP', '7999', '8000', '8100', '8101'],
    known: ['deny default/blue, elsewhere/blue -> default/red 80, 8000, 8100', 'deny outside -> default/red'],
  },
  {
    title: "lets production call development, by labels of namespaces (Calico's page)",
    engine: 'calico',
    namespaces: { dev: { environment: 'development' }, prod: { environment: 'production' }, other: {} },
    pods: { 'dev/a': {}, 'dev/b': {}, 'prod/a': {}, 'other/a': {} },
    policies: policyOf(
      calico,
      'GlobalNetworkPolicy',
      'name: production',
      `namespaceSelector: environment == "development"\ntypes: [Ingress]\ningress: [{ action: Allow, protocol: TCP, source: { namespaceSelector: environment == "production" }, destination: { ports: [6379] } }]`,
    ),
    ports: ['6379', '80'],
    known: ['deny * -> dev/*', 'allow prod/a -> dev/* 6379'],
  },
];

const ofCilium: readonly Sample[] = [
  {
    title: "lets the front of its own namespace in, by labels (Cilium's examples of layer 3)",
    engine: 'cilium',
    pods: { 'default/backend': { role: 'backend' }, 'default/frontend': { role: 'frontend' }, 'other/frontend': { role: 'frontend' } },
    policies: policyOf(
      cilium,
      'CiliumNetworkPolicy',
      'name: l3, namespace: default',
      'endpointSelector: { matchLabels: { role: backend } }\ningress: [{ fromEndpoints: [{ matchLabels: { role: frontend } }] }]',
    ),
    ports: ['80', '53/UDP'],
    known: ['deny * -> default/backend', 'allow default/frontend -> default/backend'],
  },
  {
    title: "opens an address and a block with a hole outside, which never mean pods (Cilium's examples of blocks)",
    engine: 'cilium',
    pods: { 'default/my': { app: 'myService' }, 'default/other': {} },
    addresses: ['20.1.1.1', '20.1.1.2', '10.5.0.1', '10.96.0.10'],
    policies: policyOf(
      cilium,
      'CiliumNetworkPolicy',
      'name: blocks, namespace: default',
      'endpointSelector: { matchLabels: { app: myService } }\negress: [{ toCIDR: [20.1.1.1/32] }, { toCIDRSet: [{ cidr: 10.0.0.0/8, except: [10.96.0.0/12] }] }]',
    ),
    ports: ['80'],
    known: ['deny default/my -> *', 'allow default/my -> 20.1.1.1, 10.5.0.1'],
  },
  {
    title: "opens to the cluster and not to the world, and denies before it allows (Cilium's entities and deny policies)",
    engine: 'cilium',
    pods: { 'default/db': { app: 'db' }, 'default/api': { app: 'api' }, 'other/bad': { env: 'untrusted' }, 'other/good': {} },
    policies: [
      policyOf(
        cilium,
        'CiliumNetworkPolicy',
        'name: entities, namespace: default',
        'endpointSelector: { matchLabels: { app: db } }\ningress: [{ fromEntities: [cluster] }]',
      ),
      policyOf(
        cilium,
        'CiliumClusterwideNetworkPolicy',
        'name: untrusted',
        'endpointSelector: { matchLabels: { app: api } }\ningress: [{ fromEntities: [all] }]\ningressDeny: [{ fromEndpoints: [{ matchLabels: { env: untrusted } }] }]',
      ),
    ].join(''),
    ports: ['80', '53/UDP'],
    known: ['deny outside -> default/db', 'deny other/bad -> default/api'],
  },
  {
    title: "opens a range of ports to everybody (Cilium's examples of layer 4)",
    engine: 'cilium',
    pods: { 'default/my': { app: 'myService' }, 'default/other': {} },
    policies: policyOf(
      cilium,
      'CiliumNetworkPolicy',
      'name: range, namespace: default',
      'endpointSelector: { matchLabels: { app: myService } }\negress: [{ toPorts: [{ ports: [{ port: "80", endPort: 444, protocol: TCP }] }] }]',
    ),
    ports: ['79', '80', '444', '445', '80/UDP'],
    known: ['deny default/my -> *', 'allow default/my -> * 80, 444'],
  },
  {
    title: "keeps a namespace to itself, lets one pod in from another one, and any namesake by a clusterwide policy (Cilium's pages)",
    engine: 'cilium',
    pods: {
      'ns1/luke': { name: 'luke' },
      'ns1/other': {},
      'ns2/leia': { name: 'leia' },
      'ns2/luke': { name: 'luke' },
      'ns3/han': { name: 'han' },
      'ns3/luke': { name: 'luke' },
    },
    policies: [
      policyOf(cilium, 'CiliumNetworkPolicy', 'name: isolate, namespace: ns1', 'endpointSelector: {}\ningress: [{ fromEndpoints: [{}] }]'),
      policyOf(
        cilium,
        'CiliumNetworkPolicy',
        'name: expose, namespace: ns2',
        'endpointSelector: { matchLabels: { name: leia } }\ningress: [{ fromEndpoints: [{ matchLabels: { k8s:io.kubernetes.pod.namespace: ns1, name: luke } }] }]',
      ),
      policyOf(
        cilium,
        'CiliumClusterwideNetworkPolicy',
        'name: han',
        'endpointSelector: { matchLabels: { name: han } }\ningress: [{ fromEndpoints: [{ matchLabels: { name: luke } }], toPorts: [{ ports: [{ port: "80", protocol: TCP }] }] }]',
      ),
    ].join(''),
    ports: ['80', '443'],
    known: [
      'deny * -> ns1/*, ns2/leia, ns3/han',
      'allow ns1/* -> ns1/*',
      'allow ns1/luke -> ns2/leia',
      'allow ns1/luke, ns2/luke, ns3/luke -> ns3/han 80',
    ],
  },
];

/** All of them. */
export const documentedExamples: readonly Sample[] = [...ofKubernetes, ...ofCalico, ...ofCilium];
