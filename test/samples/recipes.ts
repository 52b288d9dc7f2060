/** The fourteen published recipes of network policies (github.com/ahmetb/kubernetes-network-policy-recipes): what they do, in words of our own. */
import type { Sample } from './sample.ts';

/** A NetworkPolicy in namespace `default`, by its spec. */
function policy(
  spec: string,
  { name = 'recipe', namespace = 'default' }: { readonly name?: string; readonly namespace?: string } = {},
): string {
  return `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec:\n${spec.replaceAll(/^/gm, '  ')}\n`;
}

/** Pods of two namespaces, none of which a recipe is about. */
const bystanders = { 'default/other': { run: 'other' }, 'elsewhere/stranger': { run: 'stranger' } };

/** In the order of their numbers. */
export const recipes: readonly Sample[] = [
  {
    title: 'denies all traffic to an application',
    pods: { ...bystanders, 'default/web': { app: 'web' } },
    policies: policy('podSelector: { matchLabels: { app: web } }\ningress: []'),
    ports: ['80', '443'],
    known: ['deny * -> default/web'],
  },
  {
    title: 'limits traffic to an application to its own services',
    pods: {
      ...bystanders,
      'default/api': { app: 'bookstore', role: 'api' },
      'default/front': { app: 'bookstore', role: 'frontend' },
      'elsewhere/front': { app: 'bookstore' },
    },
    policies: policy(
      'podSelector: { matchLabels: { app: bookstore, role: api } }\ningress:\n- from: [{ podSelector: { matchLabels: { app: bookstore } } }]',
    ),
    ports: ['80'],
    known: ['deny * -> default/api', 'allow default/front -> default/api'],
  },
  {
    title: 'allows all traffic to an application, whatever else denies it',
    pods: { ...bystanders, 'default/web': { app: 'web' } },
    policies: `${policy('podSelector: { matchLabels: { app: web } }\ningress: []', { name: 'deny' })}---\n${policy('podSelector: { matchLabels: { app: web } }\ningress: [{}]')}`,
    ports: ['80'],
    known: ['allow * -> default/web'],
  },
  {
    title: 'denies all traffic in a namespace that no other policy allows',
    pods: { ...bystanders, 'default/web': { app: 'web' } },
    policies: policy('podSelector: {}\ningress: []'),
    ports: ['80'],
    known: ['deny * -> default/*', 'allow * -> elsewhere/*'],
  },
  {
    title: 'denies traffic from other namespaces',
    pods: { ...bystanders, 'default/web': { app: 'web' }, 'secondary/web': { app: 'web' } },
    policies: policy('podSelector: { matchLabels: {} }\ningress:\n- from: [{ podSelector: {} }]', { namespace: 'secondary' }),
    ports: ['80'],
    known: ['deny * -> secondary/web'],
  },
  {
    title: 'allows traffic from all namespaces, and not from outside',
    pods: { ...bystanders, 'default/web': { app: 'web' } },
    policies: policy('podSelector: { matchLabels: { app: web } }\ningress:\n- from: [{ namespaceSelector: {} }]'),
    ports: ['80'],
    known: ['deny outside -> default/web'],
  },
  {
    title: 'allows traffic from a namespace by its labels',
    namespaces: { prod: { purpose: 'production' }, dev: { purpose: 'testing' } },
    pods: { ...bystanders, 'default/web': { app: 'web' }, 'prod/client': { app: 'client' }, 'dev/client': { app: 'client' } },
    policies: policy(
      'podSelector: { matchLabels: { app: web } }\ningress:\n- from: [{ namespaceSelector: { matchLabels: { purpose: production } } }]',
    ),
    ports: ['80'],
    known: ['deny * -> default/web', 'allow prod/client -> default/web'],
  },
  {
    title: 'allows traffic from some pods of another namespace',
    namespaces: { monitor: { team: 'operations' }, elsewhere: { team: 'sales' } },
    pods: {
      ...bystanders,
      'default/web': { app: 'web' },
      'default/probe': { type: 'monitoring' },
      'monitor/probe': { type: 'monitoring' },
      'monitor/shell': { type: 'debug' },
      'elsewhere/probe': { type: 'monitoring' },
    },
    policies: policy(
      'podSelector: { matchLabels: { app: web } }\ningress:\n- from:\n  - namespaceSelector: { matchLabels: { team: operations } }\n    podSelector: { matchLabels: { type: monitoring } }',
    ),
    ports: ['80'],
    known: ['deny * -> default/web', 'allow monitor/probe -> default/web'],
  },
  {
    title: 'allows traffic from outside in a namespace that is closed',
    pods: { ...bystanders, 'default/web': { app: 'web' } },
    policies: `${policy('podSelector: {}\ningress: []', { name: 'closed' })}---\n${policy('podSelector: { matchLabels: { app: web } }\ningress:\n- ports: [{ port: 80 }]')}`,
    ports: ['80', '443'],
    known: ['deny * -> default/*', 'allow * -> default/web 80'],
  },
  {
    title: 'allows traffic to one port of an application',
    pods: {
      ...bystanders,
      'default/apiserver': { app: 'apiserver' },
      'default/metrics': { role: 'monitoring' },
      'elsewhere/metrics': { role: 'monitoring' },
    },
    policies: policy(
      'podSelector: { matchLabels: { app: apiserver } }\ningress:\n- ports: [{ port: 5000 }]\n  from: [{ podSelector: { matchLabels: { role: monitoring } } }]',
    ),
    ports: ['5000', '8000'],
    known: ['deny * -> default/apiserver', 'allow default/metrics -> default/apiserver 5000'],
  },
  {
    title: 'allows traffic to one port of an application by its name',
    pods: { ...bystanders, 'default/apiserver': { app: 'apiserver' } },
    portNames: { 'api-port': 5000 },
    policies: policy('podSelector: { matchLabels: { app: apiserver } }\ningress:\n- ports: [{ port: api-port }]'),
    ports: ['5000', '8000'],
    known: ['deny * -> default/apiserver', 'allow * -> default/apiserver 5000'],
  },
  {
    title: 'allows traffic from applications by several selectors',
    pods: {
      ...bystanders,
      'default/db': { app: 'bookstore', role: 'db' },
      'default/search': { app: 'bookstore', role: 'search' },
      'default/api': { app: 'bookstore', role: 'api' },
      'default/catalog': { app: 'inventory', role: 'web' },
      'default/mixed': { app: 'inventory', role: 'api' },
    },
    policies: policy(
      'podSelector: { matchLabels: { app: bookstore, role: db } }\ningress:\n- from:\n  - podSelector: { matchLabels: { app: bookstore, role: search } }\n  - podSelector: { matchLabels: { app: bookstore, role: api } }\n  - podSelector: { matchLabels: { app: inventory, role: web } }',
    ),
    ports: ['6379'],
    known: ['deny * -> default/db', 'allow default/search, default/api, default/catalog -> default/db'],
  },
  {
    title: 'denies traffic from an application, but for names',
    pods: { ...bystanders, 'default/foo': { app: 'foo' }, 'default/web': { app: 'web' } },
    policies: policy(
      'podSelector: { matchLabels: { app: foo } }\npolicyTypes: [Egress]\negress:\n- ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]',
    ),
    ports: ['80', '53', '53/UDP', '80/UDP'],
    known: ['deny default/foo -> *', 'allow default/foo -> * 53, 53/UDP'],
  },
  {
    title: 'denies all traffic from a namespace that no other policy allows',
    pods: { ...bystanders, 'default/web': { app: 'web' } },
    policies: policy('podSelector: {}\npolicyTypes: [Egress]\negress: []'),
    ports: ['80', '53/UDP'],
    known: ['deny default/* -> *'],
  },
  {
    title: 'denies traffic from an application to the outside, but for names',
    pods: { ...bystanders, 'default/foo': { app: 'foo' }, 'default/web': { app: 'web' } },
    policies: policy(
      'podSelector: { matchLabels: { app: foo } }\npolicyTypes: [Egress]\negress:\n- ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]\n- to: [{ namespaceSelector: {} }]',
    ),
    ports: ['80', '53', '53/UDP'],
    known: ['deny default/foo -> outside', 'allow default/foo -> outside 53, 53/UDP'],
  },
];
