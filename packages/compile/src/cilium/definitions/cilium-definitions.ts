/** The CustomResourceDefinitions of Cilium's policies, as Cilium's operator makes them: `cilium.io/v2`. */
import { type JsonObject, type KubeObject, schemaWords } from '@weir/kube';
import type { PolicyKind } from '../../policy-api.ts';
import { ciliumCidrGroupKind, ciliumClusterwideNetworkPolicyKind, ciliumNetworkPolicyKind } from '../objects/cilium-policy.ts';
import { block, ciliumSpecSchema } from './cilium-rule-schemas.ts';

const { fields, listOf, mapOf, oneOf, text } = schemaWords;
type Schema = schemaWords.Schema;

const moment: Schema = { ...text, format: 'date-time' };

const status: Schema = fields({
  conditions: {
    ...listOf(
      fields(
        { type: text, status: oneOf('True', 'False', 'Unknown'), reason: text, message: text, lastTransitionTime: moment },
        'status',
        'type',
      ),
    ),
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['type'],
  },
  derivativePolicies: mapOf({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true }),
});

const age: JsonObject = { jsonPath: '.metadata.creationTimestamp', name: 'Age', type: 'date' };
const valid: JsonObject = { jsonPath: ".status.conditions[?(@.type=='Valid')].status", name: 'Valid', type: 'string' };

interface Words {
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
}

/** A definition with one version; policies have a status that says whether they are valid. */
function definitionOf(
  { group, kind, plural, namespaced, versions }: PolicyKind,
  { shortNames, categories }: Words,
  schema: Schema,
): KubeObject {
  const isPolicy = categories.includes('ciliumpolicy');
  const version = {
    name: versions[0] ?? '',
    served: true,
    storage: true,
    additionalPrinterColumns: isPolicy ? [age, valid] : [age],
    schema: { openAPIV3Schema: schema },
    ...(isPolicy ? { subresources: { status: {} } } : {}),
  };
  const definition: KubeObject & { readonly spec: object } = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}`, labels: { 'io.cilium.k8s.crd.schema.version': '1.31.0' } },
    spec: {
      group,
      scope: namespaced ? 'Namespaced' : 'Cluster',
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase(), shortNames, categories },
      versions: [version],
    },
  };
  return definition;
}

const object = { apiVersion: text, kind: text, metadata: { type: 'object' } } as const;
const policy = fields({ ...object, spec: ciliumSpecSchema, specs: listOf(ciliumSpecSchema), status }, 'metadata');
const cidrGroup = fields({ ...object, spec: fields({ externalCIDRs: listOf(block) }, 'externalCIDRs') }, 'spec');
const categories = ['cilium', 'ciliumpolicy'];

/** What the API server needs to serve them. */
export const ciliumDefinitions: readonly KubeObject[] = [
  definitionOf(ciliumNetworkPolicyKind, { shortNames: ['cnp', 'ciliumnp'], categories }, policy),
  definitionOf(ciliumClusterwideNetworkPolicyKind, { shortNames: ['ccnp'], categories }, policy),
  definitionOf(ciliumCidrGroupKind, { shortNames: ['ccg'], categories: ['cilium'] }, cidrGroup),
];
