/** Schemas of Calico's policies and of what they select, as far as a schema can say what is allowed (group `crd.projectcalico.org/v1`). */
import { schemaWords } from '@weir/kube';

const { anything, between, fields, flag, integer, listOf, mapOf, number, numberOrText, oneOf, text, textUpTo, withDefault } = schemaWords;
type Schema = schemaWords.Schema;

const selector = textUpTo(1_024);
const rulesMax = 1_024;
const netsMax = 256;
const portsMax = 50;
const pathsMax = 20;

const entity = fields({
  nets: listOf(text, netsMax),
  notNets: listOf(text, netsMax),
  selector,
  notSelector: selector,
  namespaceSelector: selector,
  ports: listOf(numberOrText, portsMax),
  notPorts: listOf(numberOrText, portsMax),
  serviceAccounts: fields({ names: listOf(text), selector }),
  services: fields({ name: text, namespace: text }),
});

const icmp = fields({ type: between(0, 254), code: between(0, 255) });

const rule = fields(
  {
    action: oneOf('Allow', 'Deny', 'Log', 'Pass'),
    ipVersion: { type: 'integer', enum: [4, 6] },
    protocol: numberOrText,
    notProtocol: numberOrText,
    icmp,
    notICMP: icmp,
    source: entity,
    destination: entity,
    http: fields({
      methods: listOf(text, pathsMax),
      paths: listOf(fields({ exact: textUpTo(1_024), prefix: textUpTo(1_024) }), pathsMax),
    }),
    metadata: fields({ annotations: mapOf(text) }),
  },
  'action',
);

const policyFields = {
  tier: withDefault(text, 'default'),
  order: number,
  selector,
  serviceAccountSelector: selector,
  ingress: listOf(rule, rulesMax),
  egress: listOf(rule, rulesMax),
  types: listOf(oneOf('Ingress', 'Egress'), 2),
  performanceHints: listOf(oneOf('AssumeNeededOnEveryNode')),
} as const;

const globalFields = { ...policyFields, namespaceSelector: selector, doNotTrack: flag, preDNAT: flag, applyOnForward: flag } as const;
const stagedAction = withDefault(oneOf('Set', 'Delete', 'Learn', 'Ignore'), 'Set');

/** What `spec` is of each kind. */
export const policySpecs: Readonly<
  Record<
    | 'networkPolicy'
    | 'globalNetworkPolicy'
    | 'stagedNetworkPolicy'
    | 'stagedGlobalNetworkPolicy'
    | 'stagedKubernetesNetworkPolicy'
    | 'networkSet'
    | 'tier'
    | 'hostEndpoint',
    Schema
  >
> = {
  networkPolicy: fields(policyFields),
  globalNetworkPolicy: fields(globalFields),
  stagedNetworkPolicy: fields({ ...policyFields, stagedAction }),
  stagedGlobalNetworkPolicy: fields({ ...globalFields, stagedAction }),
  // The rest is a NetworkPolicy of Kubernetes.
  stagedKubernetesNetworkPolicy: fields({
    stagedAction,
    podSelector: anything,
    ingress: listOf(anything),
    egress: listOf(anything),
    policyTypes: listOf(oneOf('Ingress', 'Egress')),
  }),
  networkSet: fields({ nets: listOf(text) }),
  tier: fields({ order: number, defaultAction: oneOf('Pass', 'Deny') }),
  hostEndpoint: fields({
    node: text,
    interfaceName: { type: 'string', pattern: '^(\\*|[a-zA-Z0-9_.-]{1,15})$' },
    expectedIPs: listOf(text),
    profiles: listOf(text),
    ports: listOf(fields({ name: text, protocol: numberOrText, port: integer }, 'name', 'protocol', 'port')),
  }),
};
