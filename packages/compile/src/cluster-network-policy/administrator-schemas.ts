/** Parts of the schemas that ClusterNetworkPolicy and its ancestors have in common, and the frame of their definitions. */
import { type JsonObject, type KubeObject, schemaWords } from '@weir/kube';
import { administratorGroup } from './cluster-network-policy.ts';

const { between, fields, listOf, mapOf, oneOf, text, textUpTo } = schemaWords;
type Schema = schemaWords.Schema;

const atomicList = (items: Schema): Schema => ({ ...listOf(items), 'x-kubernetes-list-type': 'atomic' });

const labelSelector: Schema = {
  ...fields({
    matchExpressions: atomicList(fields({ key: text, operator: text, values: atomicList(text) }, 'key', 'operator')),
    matchLabels: mapOf(text),
  }),
  'x-kubernetes-map-type': 'atomic',
};

/** A port's number. */
export const portNumber: Schema = { ...between(1, 65_535), format: 'int32' };

/** The name of a rule. */
export const ruleName: Schema = textUpTo(100);

/** Exactly one of these. */
export function exactlyOne(properties: Readonly<Record<string, Schema>>): Schema {
  return { ...fields(properties), minProperties: 1, maxProperties: 1 };
}

/** At least one of these, at most so many. */
export function someOf(items: Schema, maxItems: number): Schema {
  return { ...listOf(items, maxItems), minItems: 1 };
}

/** A value with a rule that it has to keep, and what is said when it does not. */
export function ruled(schema: Schema, rule: string, message: string): Schema {
  return { ...schema, 'x-kubernetes-validations': [{ message, rule }] };
}

/** From a port up to a higher one; what else a range has goes into `more`. */
export function portRange(more: Readonly<Record<string, Schema>> = {}): Schema {
  const range = fields({ end: portNumber, start: portNumber, ...more }, 'end', 'start');
  return ruled(range, 'self.start < self.end', 'Start port must be less than End port');
}

/** Pods by namespaces or by both; `required` are the selectors that must be there. */
export function podSelection(...required: readonly string[]): Readonly<Record<string, Schema>> {
  return {
    namespaces: labelSelector,
    pods: fields({ namespaceSelector: labelSelector, podSelector: labelSelector }, ...required),
  };
}

/** The rule that the texts of blocks keep, with its message. */
export interface BlockRule {
  readonly rule: string;
  readonly message: string;
}

/** What egress rules may name beside pods. */
export function outsidePeers({ rule, message }: BlockRule): Readonly<Record<'nodes' | 'networks', Schema>> {
  return {
    nodes: labelSelector,
    networks: { ...someOf(ruled(textUpTo(43), rule, message), 25), 'x-kubernetes-list-type': 'set' },
  };
}

const label = '[a-zA-Z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?';

/** Names of domains. */
export const domainNames: Schema = {
  ...someOf({ ...text, pattern: `^(\\*\\.)?(${label}\\.)+${label}\\.?$` }, 25),
  'x-kubernetes-list-type': 'set',
};

const condition = fields(
  {
    lastTransitionTime: { ...text, format: 'date-time' },
    message: textUpTo(32_768),
    observedGeneration: { type: 'integer', format: 'int64', minimum: 0 },
    reason: { ...textUpTo(1_024), minLength: 1, pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$' },
    status: oneOf('True', 'False', 'Unknown'),
    type: {
      ...textUpTo(316),
      pattern: '^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$',
    },
  },
  'lastTransitionTime',
  'message',
  'reason',
  'status',
  'type',
);

const status = fields(
  { conditions: { ...listOf(condition), 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] } },
  'conditions',
);

/** A kind of this group. */
export interface AdministratorKind {
  readonly kind: string;
  readonly plural: string;
  readonly shortName: string;
  readonly version: string;
  /** Who approved it: a definition in a group of the community says so. */
  readonly approval: string;
  readonly bundle: string;
  readonly spec: Schema;
  /** What `kubectl get` shows besides the age, by field of `spec`. */
  readonly columns: readonly string[];
  /** A rule about the whole object. */
  readonly rule?: BlockRule;
}

/** The CustomResourceDefinition of a kind, as a server takes it. */
export function administratorDefinition(each: AdministratorKind): KubeObject & { readonly spec: Readonly<JsonObject> } {
  const { kind, plural, shortName, version, approval, bundle, spec, columns, rule } = each;
  const object = fields({ apiVersion: text, kind: text, metadata: { type: 'object' }, spec, status }, 'metadata', 'spec');
  const column = (name: string): JsonObject => ({
    jsonPath: `.spec.${name}`,
    name: `${name.charAt(0).toUpperCase()}${name.slice(1)}`,
    type: 'string',
  });
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${administratorGroup}`,
      annotations: {
        'api-approved.kubernetes.io': approval,
        'policy.networking.k8s.io/bundle-version': bundle,
        'policy.networking.k8s.io/channel': 'experimental',
      },
    },
    spec: {
      group: administratorGroup,
      scope: 'Cluster',
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase(), shortNames: [shortName] },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          additionalPrinterColumns: [...columns.map(column), { jsonPath: '.metadata.creationTimestamp', name: 'Age', type: 'date' }],
          schema: { openAPIV3Schema: rule === undefined ? object : ruled(object, rule.rule, rule.message) },
          subresources: { status: {} },
        },
      ],
    },
  };
}
