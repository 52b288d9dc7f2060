/** Schemas of the rules in Cilium's policies: limits and enumerations are the API's (Cilium 1.18), texts are ours. */
import { schemaWords } from '@weir/kube';
import { ciliumEntityNames } from '../objects/cilium-entity.ts';
import { icmpTypeNames } from '../objects/icmp-types.ts';

const { anything, between, fields, flag, listOf, mapOf, numberOrText, oneOf, text, textUpTo, withDefault } = schemaWords;
type Schema = schemaWords.Schema;

const itemsMax = 40;

const labelValue: Schema = { ...textUpTo(63), pattern: '^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$' };

/** A selector over labels, with or without the source in the key. */
const labelSelector: Schema = {
  ...fields({
    matchLabels: mapOf(labelValue),
    matchExpressions: listOf(
      fields({ key: text, operator: oneOf('In', 'NotIn', 'Exists', 'DoesNotExist'), values: listOf(text) }, 'key', 'operator'),
    ),
  }),
  'x-kubernetes-map-type': 'atomic',
};

/** A block of addresses; whether it is one is checked more closely by who reads it. */
export const block: Schema = { ...text, pattern: '^[0-9a-fA-F.:]+/[0-9]{1,3}$' };
const objectName: Schema = { ...textUpTo(253), pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$' };

/** Exactly one of the fields is there. */
function oneOfFields(schema: Schema, ...names: readonly string[]): Schema {
  return { ...schema, oneOf: names.map((name) => ({ required: [name], properties: { [name]: {} } })) };
}

const cidrSet = listOf(
  oneOfFields(
    fields({ cidr: block, cidrGroupRef: objectName, cidrGroupSelector: labelSelector, except: listOf(block) }),
    'cidr',
    'cidrGroupRef',
    'cidrGroupSelector',
  ),
);

const domain = oneOfFields(
  fields({
    matchName: { ...textUpTo(255), pattern: '^([-a-zA-Z0-9_]+[.]?)+$' },
    matchPattern: { ...textUpTo(255), pattern: '^(([-a-zA-Z0-9_*]+[.]?)+)$' },
  }),
  'matchName',
  'matchPattern',
);

const number16 = '6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[0-9]{1,4}';
const ports = listOf(
  fields(
    {
      port: { ...text, pattern: `^(${number16})$|^([a-zA-Z0-9]-?)*[a-zA-Z](-?[a-zA-Z0-9])*$` },
      endPort: { ...between(0, 65_535), format: 'int32' },
      protocol: oneOf('TCP', 'UDP', 'SCTP', 'ICMP', 'ICMPV6', 'ANY'),
    },
    'port',
  ),
  itemsMax,
);

const icmps = listOf(
  fields({
    fields: listOf(
      fields(
        {
          family: withDefault(oneOf('IPv4', 'IPv6'), 'IPv4'),
          type: { ...numberOrText, pattern: `^([0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5]|${icmpTypeNames.join('|')})$` },
        },
        'type',
      ),
      itemsMax,
    ),
  }),
);

const secret = fields({ name: text, namespace: text }, 'name');
const tls = fields({ secret, certificate: text, privateKey: text, trustedCA: text }, 'secret');
const proxyRules = fields({
  http: listOf(anything),
  kafka: listOf(anything),
  dns: listOf(domain),
  l7proto: text,
  l7: listOf(mapOf(text)),
});

const allowed = {
  icmps,
  toPorts: listOf(
    fields({
      ports,
      rules: proxyRules,
      terminatingTLS: tls,
      originatingTLS: tls,
      serverNames: listOf({ ...textUpTo(255), minLength: 1 }),
      listener: fields(
        { envoyConfig: fields({ kind: text, name: text }, 'name'), name: text, priority: between(1, 100) },
        'envoyConfig',
        'name',
      ),
    }),
  ),
  authentication: fields({ mode: oneOf('disabled', 'required', 'test-always-fail') }, 'mode'),
};
const denied = { icmps, toPorts: listOf(fields({ ports })) };

const entities = listOf(oneOf(...ciliumEntityNames));
const cloudGroups = listOf(
  fields({ aws: fields({ labels: mapOf(text), region: text, securityGroupsIds: listOf(text), securityGroupsNames: listOf(text) }) }),
);

const from = {
  fromEndpoints: listOf(labelSelector),
  fromRequires: listOf(labelSelector),
  fromCIDR: listOf(block),
  fromCIDRSet: cidrSet,
  fromEntities: entities,
  fromGroups: cloudGroups,
  fromNodes: listOf(labelSelector),
};
const to = {
  toEndpoints: listOf(labelSelector),
  toRequires: listOf(labelSelector),
  toCIDR: listOf(block),
  toCIDRSet: cidrSet,
  toEntities: entities,
  toGroups: cloudGroups,
  toNodes: listOf(labelSelector),
  toServices: listOf(
    fields({
      k8sService: fields({ namespace: text, serviceName: text }),
      k8sServiceSelector: fields({ namespace: text, selector: labelSelector }, 'selector'),
    }),
  ),
};

/** `spec`, and each of `specs`: one selector, and at least one section. */
export const ciliumSpecSchema: Schema = {
  ...oneOfFields(
    fields({
      endpointSelector: labelSelector,
      nodeSelector: labelSelector,
      ingress: listOf(fields({ ...from, ...allowed })),
      ingressDeny: listOf(fields({ ...from, ...denied })),
      egress: listOf(fields({ ...to, ...allowed, toFQDNs: listOf(domain) })),
      egressDeny: listOf(fields({ ...to, ...denied })),
      enableDefaultDeny: fields({ ingress: flag, egress: flag }),
      labels: listOf(fields({ key: text, source: text, value: text }, 'key')),
      description: text,
      log: fields({ value: { ...textUpTo(32), pattern: '^[\\x20-\\x7E]*$' } }),
    }),
    'endpointSelector',
    'nodeSelector',
  ),
  anyOf: ['ingress', 'ingressDeny', 'egress', 'egressDeny'].map((name) => ({ required: [name], properties: { [name]: {} } })),
};
