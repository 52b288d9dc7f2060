/**
 * Policies that people learn from, in words of our own: the published recipes for network policies, each with the pods and
 * namespaces that its text starts.
 */

const pod = (name: string, labels: string, namespace = 'default', ports = ''): string => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: ${namespace}, labels: { ${labels} } }
spec: { containers: [{ name: c, image: nginx${ports === '' ? '' : `, ports: [${ports}]`} }] }
`;

const namespace = (name: string, labels = ''): string => `apiVersion: v1
kind: Namespace
metadata: { name: ${name}, labels: { ${labels} } }
`;

const policy = (name: string, spec: string, of = 'default'): string => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: ${name}, namespace: ${of} }
spec:
${spec}`;

const web = pod('web', 'app: web', 'default', '{ containerPort: 80 }');
const bookstore = `${pod('apiserver', 'app: bookstore, role: api', 'default', '{ containerPort: 80 }')}---
${pod('front', 'app: bookstore, role: frontend')}`;
const objects = (...parts: readonly string[]): string => parts.join('---\n');

/** A recipe and what is found in it: only what is true of it. */
export interface Recipe {
  readonly title: string;
  readonly text: string;
  /** `rule field`, warnings and errors. */
  readonly found: readonly string[];
}

/** The recipes in their order. */
export const recipes: readonly Recipe[] = [
  {
    title: 'deny all traffic to an application',
    text: objects(web, policy('web-deny-all', '  podSelector: { matchLabels: { app: web } }\n  ingress: []\n')),
    found: [],
  },
  {
    title: 'limit traffic to an application',
    text: objects(
      bookstore,
      policy(
        'api-allow',
        `  podSelector: { matchLabels: { app: bookstore, role: api } }
  ingress:
    - from:
        - podSelector: { matchLabels: { app: bookstore } }
`,
      ),
    ),
    found: [],
  },
  {
    title: 'allow all traffic to an application, beside one that denies it',
    text: objects(
      web,
      policy('web-deny-all', '  podSelector: { matchLabels: { app: web } }\n  ingress: []\n'),
      policy('web-allow-all', '  podSelector: { matchLabels: { app: web } }\n  ingress:\n    - {}\n'),
    ),
    found: ['open-ingress spec.ingress[0]'],
  },
  {
    title: 'deny all traffic that is not allowed in a namespace',
    text: objects(web, policy('default-deny-all', '  podSelector: {}\n  ingress: []\n')),
    found: [],
  },
  {
    title: 'deny all traffic from other namespaces',
    text: objects(
      namespace('secondary'),
      pod('web', 'app: web', 'secondary'),
      pod('client', 'app: client'),
      namespace('default'),
      policy('deny-from-other-namespaces', '  podSelector: {}\n  ingress:\n    - from:\n        - podSelector: {}\n', 'secondary'),
    ),
    found: [],
  },
  {
    title: 'allow traffic to an application from all namespaces',
    text: objects(
      namespace('secondary'),
      pod('client', 'app: client', 'secondary'),
      web,
      namespace('default'),
      policy(
        'web-allow-all-namespaces',
        '  podSelector: { matchLabels: { app: web } }\n  ingress:\n    - from:\n        - namespaceSelector: {}\n',
      ),
    ),
    found: [],
  },
  {
    title: 'allow traffic from a namespace',
    text: objects(
      namespace('dev', 'purpose: testing'),
      namespace('prod', 'purpose: production'),
      namespace('default'),
      pod('test', 'run: test', 'prod'),
      web,
      policy(
        'web-allow-prod',
        `  podSelector: { matchLabels: { app: web } }
  ingress:
    - from:
        - namespaceSelector: { matchLabels: { purpose: production } }
`,
      ),
    ),
    found: [],
  },
  {
    title: 'allow traffic from some pods in another namespace',
    text: objects(
      namespace('other', 'team: operations'),
      namespace('default'),
      pod('test', 'type: monitoring', 'other'),
      pod('plain', 'type: plain', 'other'),
      web,
      policy(
        'web-allow-all-ns-monitoring',
        `  podSelector: { matchLabels: { app: web } }
  ingress:
    - from:
        - namespaceSelector: { matchLabels: { team: operations } }
          podSelector: { matchLabels: { type: monitoring } }
`,
      ),
    ),
    found: [],
  },
  {
    title: 'allow traffic from external clients',
    text: objects(
      web,
      `apiVersion: v1
kind: Service
metadata: { name: web, namespace: default }
spec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 80 }] }
`,
      policy('web-allow-external', '  podSelector: { matchLabels: { app: web } }\n  ingress:\n    - from: []\n'),
    ),
    found: [],
  },
  {
    title: 'allow traffic only to a port of an application',
    text: objects(
      pod('apiserver', 'app: apiserver', 'default', '{ containerPort: 8000 }, { containerPort: 5000 }'),
      pod('monitor', 'role: monitoring'),
      policy(
        'api-allow-5000',
        `  podSelector: { matchLabels: { app: apiserver } }
  ingress:
    - ports: [{ port: 5000 }]
      from:
        - podSelector: { matchLabels: { role: monitoring } }
`,
      ),
    ),
    found: [],
  },
  {
    title: 'allow traffic by several selectors',
    text: objects(
      pod('db', 'app: bookstore, role: db'),
      pod('search', 'app: bookstore, role: search'),
      pod('api', 'app: bookstore, role: api'),
      pod('catalog', 'app: inventory, role: web'),
      policy(
        'redis-allow-services',
        `  podSelector: { matchLabels: { app: bookstore, role: db } }
  ingress:
    - from:
        - podSelector: { matchLabels: { app: bookstore, role: search } }
        - podSelector: { matchLabels: { app: bookstore, role: api } }
        - podSelector: { matchLabels: { app: inventory, role: web } }
`,
      ),
    ),
    found: [],
  },
  {
    title: 'deny egress traffic from an application, but for DNS',
    text: objects(
      pod('foo', 'app: foo'),
      policy(
        'foo-deny-egress',
        `  podSelector: { matchLabels: { app: foo } }
  policyTypes: [Egress]
  egress:
    - ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]
`,
      ),
    ),
    found: [],
  },
  {
    title: 'deny all egress traffic of a namespace that is not allowed',
    text: objects(web, policy('default-deny-all-egress', '  policyTypes: [Egress]\n  podSelector: {}\n  egress: []\n')),
    found: [],
  },
  {
    title: 'deny egress traffic out of the cluster',
    text: objects(
      pod('foo', 'app: foo'),
      policy(
        'foo-deny-external-egress',
        `  podSelector: { matchLabels: { app: foo } }
  policyTypes: [Egress]
  egress:
    - ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]
    - to:
        - namespaceSelector: {}
`,
      ),
    ),
    found: [],
  },
];
