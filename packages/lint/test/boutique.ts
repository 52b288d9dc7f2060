/**
 * Google's online boutique as it is deployed with its network policies, rewritten from its table of calls: a workload, its
 * port, and who calls it. Every policy lets its pods reach everything, and the front is open to everybody.
 */

/** Name, port, callers. */
const services: readonly (readonly [string, number, readonly string[]])[] = [
  ['adservice', 9555, ['frontend']],
  ['cartservice', 7070, ['frontend', 'checkoutservice']],
  ['checkoutservice', 5050, ['frontend']],
  ['currencyservice', 7000, ['frontend', 'checkoutservice']],
  ['emailservice', 8080, ['checkoutservice']],
  ['paymentservice', 50051, ['checkoutservice']],
  ['productcatalogservice', 3550, ['frontend', 'checkoutservice', 'recommendationservice']],
  ['recommendationservice', 8080, ['frontend']],
  ['redis-cart', 6379, ['cartservice']],
  ['shippingservice', 50051, ['frontend', 'checkoutservice']],
];

const deployment = (name: string, ports: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [{ name: server, image: ${name}${ports} }] }
`;

const service = (name: string, app: string, port: string): string => `apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { selector: { app: ${app} }, ${port} }
`;

const policy = (name: string, ingress: string): string => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: ${name} }
spec:
  podSelector: { matchLabels: { app: ${name} } }
  policyTypes: [Ingress, Egress]
  ingress:${ingress}
  egress:
    - {}
`;

/** All objects. */
export const boutique: string = [
  ...services.flatMap(([name, port, callers]) => [
    deployment(name, `, ports: [{ containerPort: ${port} }]`),
    // The mail service listens on another port than its service has.
    service(name, name, name === 'emailservice' ? `ports: [{ port: 5000, targetPort: ${port} }]` : `ports: [{ port: ${port} }]`),
    policy(
      name,
      `
    - from:
${callers.map((caller) => `        - podSelector: { matchLabels: { app: ${caller} } }\n`).join('')}      ports: [{ port: ${port}, protocol: TCP }]`,
    ),
  ]),
  deployment('frontend', ', ports: [{ containerPort: 8080 }]'),
  service('frontend', 'frontend', 'ports: [{ port: 80, targetPort: 8080 }]'),
  service('frontend-external', 'frontend', 'type: LoadBalancer, ports: [{ port: 80, targetPort: 8080 }]'),
  policy('frontend', '\n    - {}'),
  deployment('loadgenerator', ''),
  policy('loadgenerator', ' []'),
].join('---\n');
