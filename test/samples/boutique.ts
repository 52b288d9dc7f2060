/**
 * Google's Online Boutique (github.com/GoogleCloudPlatform/microservices-demo): twelve workloads, each with a policy that lets
 * in those that call it by the published graph of calls, and one that denies all else.
 */
import type { Sample } from './sample.ts';

/** Who listens where, and who calls it. */
const calls: Readonly<Record<string, { readonly port: number; readonly callers: readonly string[] }>> = {
  adservice: { port: 9555, callers: ['frontend'] },
  cartservice: { port: 7070, callers: ['frontend', 'checkoutservice'] },
  checkoutservice: { port: 5050, callers: ['frontend'] },
  currencyservice: { port: 7000, callers: ['frontend', 'checkoutservice'] },
  emailservice: { port: 8080, callers: ['checkoutservice'] },
  paymentservice: { port: 50051, callers: ['checkoutservice'] },
  productcatalogservice: { port: 3550, callers: ['frontend', 'checkoutservice', 'recommendationservice'] },
  recommendationservice: { port: 8080, callers: ['frontend'] },
  'redis-cart': { port: 6379, callers: ['cartservice'] },
  shippingservice: { port: 50051, callers: ['frontend', 'checkoutservice'] },
};

const workloads = [...Object.keys(calls), 'frontend', 'loadgenerator'];

function policy(app: string, spec: string): string {
  return `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: ${app}, namespace: boutique }\nspec:\n  ${spec.replaceAll('\n', '\n  ')}\n`;
}

const policies = [
  policy('deny-all', 'podSelector: {}\npolicyTypes: [Ingress, Egress]'),
  policy('frontend', 'podSelector: { matchLabels: { app: frontend } }\npolicyTypes: [Ingress, Egress]\ningress: [{}]\negress: [{}]'),
  policy('loadgenerator', 'podSelector: { matchLabels: { app: loadgenerator } }\npolicyTypes: [Egress]\negress: [{}]'),
  ...Object.entries(calls).map(([app, { port, callers }]) =>
    policy(
      app,
      `podSelector: { matchLabels: { app: ${app} } }\npolicyTypes: [Ingress, Egress]\negress: [{}]\ningress:\n- from:\n${callers.map((caller) => `  - podSelector: { matchLabels: { app: ${caller} } }`).join('\n')}\n  ports: [{ port: ${port} }]`,
    ),
  ),
];

/** With its policies; everybody may call the front. */
export const boutique: Sample = {
  title: "lets Google's Online Boutique call itself by its graph of calls, and nothing else",
  pods: Object.fromEntries(workloads.map((app) => [`boutique/${app}`, { app }])),
  policies: policies.join('---\n'),
  ports: [...new Set(Object.values(calls).map(({ port }) => String(port)))],
  known: [
    'deny * -> boutique/*',
    'allow * -> boutique/frontend',
    'deny boutique/redis-cart -> boutique/loadgenerator',
    ...Object.entries(calls).map(
      ([app, { port, callers }]) => `allow ${callers.map((caller) => `boutique/${caller}`).join(', ')} -> boutique/${app} ${port}`,
    ),
  ],
};
