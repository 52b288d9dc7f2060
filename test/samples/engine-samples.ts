/** Published examples of the policies of other APIs, and of engines and platforms: what their documentation says that they do. */
import type { Sample } from './sample.ts';

/** The Star Wars demo of Cilium's documentation, without its rules about HTTP: ships of the empire alone may land. */
const starWars: Sample = {
  title: "lets ships of the empire alone land on the Death Star (Cilium's demo)",
  engine: 'cilium',
  pods: {
    'default/deathstar': { org: 'empire', class: 'deathstar' },
    'default/deathstar-2': { org: 'empire', class: 'deathstar' },
    'default/tiefighter': { org: 'empire', class: 'tiefighter' },
    'default/xwing': { org: 'alliance', class: 'xwing' },
    'endor/tiefighter': { org: 'empire', class: 'tiefighter' },
  },
  policies: `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: landing, namespace: default }
spec:
  endpointSelector: { matchLabels: { org: empire, class: deathstar } }
  ingress:
  - fromEndpoints: [{ matchLabels: { org: empire } }]
    toPorts: [{ ports: [{ port: "80", protocol: TCP }] }]
`,
  ports: ['80', '443', '80/UDP'],
  known: [
    'deny * -> default/deathstar, default/deathstar-2',
    'allow default/tiefighter, default/deathstar, default/deathstar-2 -> default/deathstar, default/deathstar-2 80',
  ],
};

/** The stars of Calico's tutorial: a page that looks at everything, a client that may see the front, and a front that may see the back. */
const stars: Sample = {
  title: "gives Calico's stars the connections of its tutorial",
  engine: 'calico',
  namespaces: { stars: {}, client: { role: 'client' }, 'management-ui': { role: 'management-ui' } },
  pods: {
    'stars/frontend': { role: 'frontend' },
    'stars/backend': { role: 'backend' },
    'client/client': { role: 'client' },
    'management-ui/ui': { role: 'management-ui' },
  },
  policies: ['stars', 'client']
    .map(
      (namespace) => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: closed, namespace: ${namespace} }
spec: { podSelector: { matchLabels: {} } }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: watched, namespace: ${namespace} }
spec: { podSelector: { matchLabels: {} }, ingress: [{ from: [{ namespaceSelector: { matchLabels: { role: management-ui } } }] }] }
---
`,
    )
    .join('')
    .concat(`apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: back, namespace: stars }
spec:
  podSelector: { matchLabels: { role: backend } }
  ingress: [{ from: [{ podSelector: { matchLabels: { role: frontend } } }], ports: [{ protocol: TCP, port: 6379 }] }]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: front, namespace: stars }
spec:
  podSelector: { matchLabels: { role: frontend } }
  ingress: [{ from: [{ namespaceSelector: { matchLabels: { role: client } } }], ports: [{ protocol: TCP, port: 80 }] }]
`),
  ports: ['80', '6379', '9000'],
  known: [
    'deny * -> stars/*, client/*',
    'allow management-ui/ui -> *',
    'allow stars/frontend -> stars/backend 6379',
    'allow client/client -> stars/frontend 80',
  ],
};

/** The page of AKS about network policies: one server, and clients with and without the label. */
const aks = (engine: 'azure' | 'calico' | 'cilium'): Sample => ({
  title: `lets one client of the example of AKS through, with engine ${engine}`,
  engine,
  namespaces: { demo: {} },
  pods: {
    'demo/server': { app: 'server' },
    'demo/client': { app: 'client' },
    'demo/unlabelled': { run: 'client' },
    'default/client': { app: 'client' },
  },
  policies: `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: demo-policy, namespace: demo }
spec:
  podSelector: { matchLabels: { app: server } }
  ingress: [{ from: [{ podSelector: { matchLabels: { app: client } } }], ports: [{ port: 80, protocol: TCP }] }]
`,
  ports: ['80', '443'],
  known: ['deny * -> demo/server', 'allow demo/client -> demo/server 80'],
});

/**
 * The user stories of administrators' policies: a namespace with secrets is closed to pods before anything else, monitoring
 * may look at all others, and where nobody says anything, tenants are kept apart.
 */
const administrators: Sample = {
  title: 'keeps the order of administrators, namespaces and defaults (AdminNetworkPolicy, BaselineAdminNetworkPolicy)',
  namespaces: { secrets: {}, monitoring: {}, open: {}, own: {} },
  pods: {
    'secrets/vault': { app: 'vault' },
    'monitoring/prometheus': { app: 'prometheus' },
    'open/web': { app: 'web' },
    'own/web': { app: 'web' },
    'own/client': { app: 'client' },
  },
  policies: `apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: { name: closed-secrets }
spec:
  priority: 20
  subject: { namespaces: { matchLabels: { kubernetes.io/metadata.name: secrets } } }
  ingress: [{ name: nobody, action: Deny, from: [{ namespaces: {} }] }]
---
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: { name: monitored }
spec:
  priority: 30
  subject: { namespaces: {} }
  ingress:
  - { name: monitoring, action: Allow, from: [{ namespaces: { matchLabels: { kubernetes.io/metadata.name: monitoring } } }] }
---
apiVersion: policy.networking.k8s.io/v1alpha1
kind: BaselineAdminNetworkPolicy
metadata: { name: default }
spec:
  subject: { namespaces: {} }
  ingress: [{ name: apart, action: Deny, from: [{ namespaces: {} }] }]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: own, namespace: own }
spec: { podSelector: { matchLabels: { app: web } }, ingress: [{ from: [{ podSelector: {} }] }] }
`,
  ports: ['80'],
  known: [
    // The defaults say nothing of the outside.
    'deny secrets/*, monitoring/*, open/*, own/* -> *',
    'allow * -> outside',
    'allow monitoring/prometheus -> open/*, own/*',
    'allow own/client -> own/web',
    'deny outside -> own/web',
  ],
};

/** The same in the API that followed both. */
const clusterPolicies: Sample = {
  ...administrators,
  title: 'keeps the order of administrators, namespaces and defaults (ClusterNetworkPolicy)',
  policies: administrators.policies
    .replaceAll('v1alpha1', 'v1alpha2')
    .replaceAll('kind: BaselineAdminNetworkPolicy', 'kind: ClusterNetworkPolicy')
    .replaceAll('kind: AdminNetworkPolicy', 'kind: ClusterNetworkPolicy')
    .replaceAll('action: Allow', 'action: Accept')
    .replaceAll('  priority: ', '  tier: Admin\n  priority: ')
    .replace('metadata: { name: default }\nspec:', 'metadata: { name: default }\nspec:\n  tier: Baseline\n  priority: 1'),
};

/** All of them. */
export const engineSamples: readonly Sample[] = [
  starWars,
  stars,
  aks('azure'),
  aks('calico'),
  aks('cilium'),
  administrators,
  clusterPolicies,
];
