/** Which fields Calico's objects have, and of which type. Lengths are those of the API's markers. */
import { closedShape, listShape, networkPolicySpecShape, type ObjectShape, type Shape, stringShape } from '@weir/kube';

const boolean: Shape = { kind: 'boolean' };
const integer: Shape = { kind: 'integer' };
const integerOrString: Shape = { kind: 'integerOrString' };
const number: Shape = { kind: 'number' };

const icmp = closedShape({ type: integer, code: integer });

const entity = closedShape({
  nets: listShape(stringShape, 256),
  notNets: listShape(stringShape, 256),
  selector: stringShape,
  notSelector: stringShape,
  namespaceSelector: stringShape,
  ports: listShape(integerOrString, 50),
  notPorts: listShape(integerOrString, 50),
  serviceAccounts: closedShape({ names: listShape(stringShape), selector: stringShape }),
  services: closedShape({ name: stringShape, namespace: stringShape }),
});

const rules = listShape(
  closedShape({
    action: stringShape,
    ipVersion: integer,
    protocol: integerOrString,
    notProtocol: integerOrString,
    icmp,
    notICMP: icmp,
    source: entity,
    destination: entity,
    http: closedShape({
      methods: listShape(stringShape, 20),
      paths: listShape(closedShape({ exact: stringShape, prefix: stringShape }), 20),
    }),
    metadata: closedShape({ annotations: { kind: 'stringMap' } }),
  }),
  1_024,
);

const policy = {
  tier: stringShape,
  order: number,
  selector: stringShape,
  serviceAccountSelector: stringShape,
  ingress: rules,
  egress: rules,
  types: listShape(stringShape),
  performanceHints: listShape(stringShape),
};

const globalPolicy = {
  ...policy,
  namespaceSelector: stringShape,
  doNotTrack: boolean,
  preDNAT: boolean,
  applyOnForward: boolean,
};

const staged = { stagedAction: stringShape };
const nets = closedShape({ nets: listShape(stringShape) });

/** The kinds that are read. */
export type CalicoKind =
  | 'NetworkPolicy'
  | 'GlobalNetworkPolicy'
  | 'StagedNetworkPolicy'
  | 'StagedGlobalNetworkPolicy'
  | 'StagedKubernetesNetworkPolicy'
  | 'NetworkSet'
  | 'GlobalNetworkSet'
  | 'Tier'
  | 'HostEndpoint';

/** The shape of `spec` by kind. */
export const calicoSpecShapes: Readonly<Record<CalicoKind, ObjectShape>> = {
  NetworkPolicy: closedShape(policy),
  GlobalNetworkPolicy: closedShape(globalPolicy),
  StagedNetworkPolicy: closedShape({ ...policy, ...staged }),
  StagedGlobalNetworkPolicy: closedShape({ ...globalPolicy, ...staged }),
  StagedKubernetesNetworkPolicy: closedShape({ ...networkPolicySpecShape.fields, ...staged }),
  NetworkSet: nets,
  GlobalNetworkSet: nets,
  Tier: closedShape({ order: number, defaultAction: stringShape }),
  HostEndpoint: closedShape({
    node: stringShape,
    interfaceName: stringShape,
    expectedIPs: listShape(stringShape),
    profiles: listShape(stringShape),
    ports: listShape(closedShape({ name: stringShape, protocol: integerOrString, port: integer })),
  }),
};
