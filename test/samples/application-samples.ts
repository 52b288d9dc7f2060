/** Policies that applications publish with their manifests, in words of our own, and the connections that their programs need and have. */
import type { Sample } from './sample.ts';

interface Inlet {
  /** Pods of the namespace by the names of their applications; `everywhere` is every pod, `anybody` the outside, too. */
  readonly from: readonly string[] | 'everywhere' | 'anybody';
  /** `80`, `9094/UDP`; none are all. */
  readonly ports: readonly string[];
}

/** An application of one namespace whose policies say who comes in where. */
interface Application {
  readonly title: string;
  readonly namespace: string;
  /** The label that has the name of a pod's program. */
  readonly label: string;
  /** Pods, each with the name of its program. */
  readonly pods: Readonly<Record<string, string>>;
  readonly inlets: Readonly<Record<string, readonly Inlet[]>>;
  /** Ports that are tried beside those of the policies. */
  readonly others: readonly string[];
}

function peersOf(from: Inlet['from'], label: string): string {
  if (from === 'anybody') return '';
  if (from === 'everywhere') return 'from: [{ namespaceSelector: {} }], ';
  return `from: [${from.map((app) => `{ podSelector: { matchLabels: { ${label}: ${app} } } }`).join(', ')}], `;
}

function portsOf(ports: readonly string[]): string {
  const all = ports.map((text) => {
    const [port = '', protocol = 'TCP'] = text.split('/');
    return `{ port: ${port}, protocol: ${protocol} }`;
  });
  return all.length === 0 ? '' : `ports: [${all.join(', ')}]`;
}

/** With a pod of another namespace beside it. */
function sampleOf({ title, namespace, label, pods, inlets, others }: Application): Sample {
  const policies = Object.entries(inlets).map(
    ([app, rules]) => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: ${app}, namespace: ${namespace} }
spec:
  podSelector: { matchLabels: { ${label}: ${app} } }
  policyTypes: [Ingress]
  ingress: [${rules.map(({ from, ports }) => `{ ${peersOf(from, label)}${portsOf(ports)} }`).join(', ')}]
`,
  );
  const podsOf = (app: string): string[] =>
    Object.keys(pods)
      .filter((pod) => pods[pod] === app)
      .map((pod) => `${namespace}/${pod}`);
  const namesOf = (from: Inlet['from']): string => {
    if (from === 'anybody') return '*';
    return from === 'everywhere' ? `${namespace}/*, elsewhere/*` : from.flatMap(podsOf).join(', ');
  };
  return {
    title,
    pods: {
      ...Object.fromEntries(Object.entries(pods).map(([pod, app]) => [`${namespace}/${pod}`, { [label]: app }])),
      'elsewhere/pod': {},
    },
    policies: policies.join('---\n'),
    ports: [...new Set([...Object.values(inlets).flatMap((rules) => rules.flatMap(({ ports }) => ports)), ...others])],
    known: Object.entries(inlets).flatMap(([app, rules]) => [
      `deny * -> ${podsOf(app).join(', ')}`,
      ...rules.map(
        ({ from, ports }) => `allow ${namesOf(from)} -> ${podsOf(app).join(', ')}${ports.length === 0 ? '' : ` ${ports.join(', ')}`}`,
      ),
    ]),
  };
}

const named = (...apps: readonly string[]): Record<string, string> => Object.fromEntries(apps.map((app) => [app, app]));

/** The sock shop (github.com/microservices-demo): a policy for each service, by who calls it. */
const sockShop = sampleOf({
  title: 'lets the sock shop call itself as its services need it',
  namespace: 'sock-shop',
  label: 'name',
  pods: named(
    'front-end',
    'cart',
    'carts-db',
    'catalogue',
    'catalogue-db',
    'orders',
    'orders-db',
    'payment',
    'queue-master',
    'rabbitmq',
    'shipping',
    'user',
    'user-db',
    'session-db',
  ),
  inlets: {
    'front-end': [{ from: 'anybody', ports: ['8079'] }],
    cart: [{ from: ['front-end', 'orders'], ports: ['80'] }],
    'carts-db': [{ from: ['cart'], ports: ['27017'] }],
    catalogue: [{ from: ['front-end'], ports: ['80'] }],
    'catalogue-db': [{ from: ['catalogue'], ports: ['3306'] }],
    orders: [{ from: ['front-end'], ports: ['80'] }],
    'orders-db': [{ from: ['orders'], ports: ['27017'] }],
    payment: [{ from: ['orders'], ports: ['80'] }],
    rabbitmq: [{ from: ['shipping', 'queue-master'], ports: ['5672'] }],
    shipping: [{ from: ['orders'], ports: ['80'] }],
    user: [{ from: ['front-end', 'orders'], ports: ['80'] }],
    'user-db': [{ from: ['user'], ports: ['27017'] }],
  },
  others: ['80/UDP', '6379'],
});

/** Istio's bookinfo: a page that asks details and reviews, and those reviews that have stars ask ratings. */
const bookinfo = sampleOf({
  title: "keeps bookinfo's page, details, reviews and ratings to the calls that they make",
  namespace: 'bookinfo',
  label: 'app',
  pods: { productpage: 'productpage', details: 'details', 'reviews-v1': 'reviews', 'reviews-v2': 'reviews', ratings: 'ratings' },
  inlets: {
    productpage: [{ from: 'anybody', ports: ['9080'] }],
    details: [{ from: ['productpage'], ports: ['9080'] }],
    reviews: [{ from: ['productpage'], ports: ['9080'] }],
    ratings: [{ from: ['reviews'], ports: ['9080'] }],
  },
  others: ['9443'],
});

/** Argo CD as it is installed: its parts by their calls, and metrics for every pod of the cluster. */
const argo = sampleOf({
  title: 'lets parts of Argo CD call each other, and everybody in the cluster read their metrics',
  namespace: 'argocd',
  label: 'app.kubernetes.io/name',
  pods: named(
    'argocd-server',
    'argocd-repo-server',
    'argocd-redis',
    'argocd-application-controller',
    'argocd-notifications-controller',
    'argocd-dex-server',
  ),
  inlets: {
    'argocd-server': [{ from: 'anybody', ports: [] }],
    'argocd-repo-server': [
      { from: ['argocd-server', 'argocd-application-controller', 'argocd-notifications-controller'], ports: ['8081'] },
      { from: 'everywhere', ports: ['8084'] },
    ],
    'argocd-redis': [{ from: ['argocd-server', 'argocd-repo-server', 'argocd-application-controller'], ports: ['6379'] }],
    'argocd-application-controller': [{ from: 'everywhere', ports: ['8082'] }],
    'argocd-notifications-controller': [{ from: 'everywhere', ports: ['9001'] }],
    'argocd-dex-server': [
      { from: ['argocd-server'], ports: ['5556', '5557'] },
      { from: 'everywhere', ports: ['5558'] },
    ],
  },
  others: ['8084/UDP'],
});

/** kube-prometheus: who scrapes, who asks, and routers of alerts that gossip on two protocols. */
const prometheus = sampleOf({
  title: 'lets Prometheus scrape, Grafana ask, and routers of alerts gossip',
  namespace: 'monitoring',
  label: 'app.kubernetes.io/name',
  pods: {
    ...named('prometheus', 'grafana', 'prometheus-adapter', 'prometheus-operator'),
    'alertmanager-0': 'alertmanager',
    'alertmanager-1': 'alertmanager',
  },
  inlets: {
    prometheus: [
      { from: ['prometheus'], ports: ['9090', '8080'] },
      { from: ['prometheus-adapter'], ports: ['9090'] },
      { from: ['grafana'], ports: ['9090'] },
    ],
    alertmanager: [
      { from: ['prometheus'], ports: ['9093', '8080'] },
      { from: ['alertmanager'], ports: ['9094', '9094/UDP'] },
    ],
    grafana: [{ from: ['prometheus'], ports: ['3000'] }],
    'prometheus-operator': [{ from: ['prometheus'], ports: ['8443'] }],
    'prometheus-adapter': [{ from: 'anybody', ports: [] }],
  },
  others: ['9090/UDP'],
});

/** Flux: its controllers among themselves, metrics for the cluster, and webhooks for one of them. */
const flux: Sample = {
  title: "keeps Flux's controllers to themselves, but for metrics and webhooks",
  pods: {
    'flux-system/source': { app: 'source-controller' },
    'flux-system/kustomize': { app: 'kustomize-controller' },
    'flux-system/notification': { app: 'notification-controller' },
    'apps/web': { app: 'web' },
  },
  policies: [
    ['egress', 'podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{ from: [{ podSelector: {} }] }], egress: [{}]'],
    ['scraping', 'podSelector: {}, policyTypes: [Ingress], ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: 8080 }] }]'],
    [
      'webhooks',
      'podSelector: { matchLabels: { app: notification-controller } }, policyTypes: [Ingress], ingress: [{ from: [{ namespaceSelector: {} }] }]',
    ],
  ]
    .map(
      ([name = '', spec = '']) =>
        `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: ${name}, namespace: flux-system }\nspec: { ${spec} }\n`,
    )
    .join('---\n'),
  ports: ['8080', '9292', '8080/UDP'],
  known: ['deny outside, apps/* -> flux-system/*', 'allow apps/* -> flux-system/* 8080', 'allow apps/* -> flux-system/notification'],
};

/** All of them. */
export const applicationSamples: readonly Sample[] = [sockShop, bookinfo, argo, prometheus, flux];
