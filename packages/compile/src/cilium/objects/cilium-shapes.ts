/** Which fields Cilium's objects have, and of which type. Numbers of items are those of the API's markers. */
import { closedShape, listShape, type ObjectShape, openShape, type Shape, stringShape } from '@weir/kube';

const boolean: Shape = { kind: 'boolean' };

/** Something that is refused wherever it stands, so that nobody reads what is in it. */
const refused = openShape({});

const labelSelector = closedShape({
  matchLabels: { kind: 'stringMap' },
  matchExpressions: listShape(closedShape({ key: stringShape, operator: stringShape, values: listShape(stringShape) })),
});
const selectors = listShape(labelSelector);
const cidrSet = listShape(
  closedShape({ cidr: stringShape, cidrGroupRef: stringShape, cidrGroupSelector: labelSelector, except: listShape(stringShape) }),
);
const domain = { matchName: stringShape, matchPattern: stringShape };

const ports = listShape(closedShape({ port: stringShape, endPort: { kind: 'integer', min: 0, max: 65_535 }, protocol: stringShape }));
const icmps = listShape(closedShape({ fields: listShape(closedShape({ family: stringShape, type: { kind: 'integerOrString' } })) }));

const allowed = {
  icmps,
  toPorts: listShape(
    closedShape({
      ports,
      rules: closedShape({
        http: listShape(refused),
        kafka: listShape(refused),
        dns: listShape(closedShape(domain)),
        l7proto: stringShape,
        l7: listShape(refused),
      }),
      terminatingTLS: refused,
      originatingTLS: refused,
      serverNames: listShape(stringShape),
      listener: openShape({ name: stringShape }),
    }),
  ),
  authentication: closedShape({ mode: stringShape }),
};
const denied = { icmps, toPorts: listShape(closedShape({ ports })) };

const from = {
  fromEndpoints: selectors,
  fromRequires: selectors,
  fromCIDR: listShape(stringShape),
  fromCIDRSet: cidrSet,
  fromEntities: listShape(stringShape),
  fromGroups: listShape(refused),
  fromNodes: selectors,
};
const to = {
  toEndpoints: selectors,
  toRequires: selectors,
  toCIDR: listShape(stringShape),
  toCIDRSet: cidrSet,
  toEntities: listShape(stringShape),
  toGroups: listShape(refused),
  toNodes: selectors,
  toServices: listShape(
    closedShape({
      k8sService: closedShape({ serviceName: stringShape, namespace: stringShape }),
      k8sServiceSelector: closedShape({ selector: labelSelector, namespace: stringShape }),
    }),
  ),
};

/** The shape of `spec`, and of each of `specs`. */
export const ciliumSpecShape: ObjectShape = closedShape({
  endpointSelector: labelSelector,
  nodeSelector: labelSelector,
  ingress: listShape(closedShape({ ...from, ...allowed })),
  ingressDeny: listShape(closedShape({ ...from, ...denied })),
  egress: listShape(closedShape({ ...to, ...allowed, toFQDNs: listShape(closedShape(domain)) })),
  egressDeny: listShape(closedShape({ ...to, ...denied })),
  enableDefaultDeny: closedShape({ ingress: boolean, egress: boolean }),
  labels: listShape(refused),
  description: stringShape,
  log: closedShape({ value: stringShape }),
});

/** The shape of the whole policy beside its identity. */
export const ciliumPolicyShape: ObjectShape = closedShape({ spec: ciliumSpecShape, specs: listShape(ciliumSpecShape) });
