/** That the cases leave no field of a kind out: what a schema has is named by a case. */
import {
  adminNetworkPolicyDefinition,
  baselineAdminNetworkPolicyDefinition,
  calicoSpecShapes,
  ciliumDefinitions,
  clusterNetworkPolicyDefinition,
  isCalicoKind,
} from '@weir/compile';
import { type KubeObject, networkPolicySpecShape } from '@weir/kube';
import { defined } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { supportedKinds } from './cases/all-cases.ts';
import { type FieldSchema, pathsOfSchema, pathsOfShape, pathsOfValue } from './schema-fields.ts';
import { manifestOf, type SupportedKind } from './support-case.ts';
import { objectsOf } from './support-world.ts';

const definitions = [
  clusterNetworkPolicyDefinition,
  adminNetworkPolicyDefinition,
  baselineAdminNetworkPolicyDefinition,
  ...ciliumDefinitions,
];

/** Refused, or without a meaning, whatever they hold. */
const wholes = /^(.*?\b(terminatingTLS|originatingTLS|listener|fromGroups|toGroups|labels|http|kafka|l7))(?:[.[=].*)$/;

/** Values are named once for the whole kind. Rules of Calico are one type, whatever their direction. */
function named(path: string, { apiVersion }: SupportedKind): readonly string[] {
  if (/=/.test(path)) return [path.replace(/^.*?([^.]+=)/, '$1').replace(/^(from|to)Entities/, 'entities')];
  if (!apiVersion.startsWith('projectcalico.org')) return [path.replace(wholes, '$1')];
  const [first = ''] = path.split('[]');
  return first === 'ingress' || first === 'egress' ? [first, path.replace(first, 'rules')] : [path];
}

/** Of its many fields those that host endpoints depend on. */
const felixFields = [
  ...['failsafeInboundHostPorts[]', 'failsafeOutboundHostPorts[]'].flatMap((list) => [`${list}.protocol`, `${list}.port`]),
  'failsafeInboundHostPorts[].net',
  ...['Accept', 'Drop', 'Return'].map((action) => `defaultEndpointToHostAction=${action}`),
];

function fieldsOf(kind: SupportedKind): readonly string[] {
  if (kind.kind === 'FelixConfiguration') return felixFields;
  if (kind.apiVersion === 'networking.k8s.io/v1') return pathsOfShape(networkPolicySpecShape);
  if (kind.apiVersion === 'projectcalico.org/v3' && isCalicoKind(kind.kind)) return pathsOfShape(calicoSpecShapes[kind.kind]);
  return pathsOfSchema(
    defined(
      definitions.map((definition) => specSchema(definition, kind.kind)).find((schema) => schema !== undefined),
      `${kind.kind} has a definition`,
    ),
  );
}

function specSchema(definition: KubeObject, kind: string): FieldSchema | undefined {
  const { names, versions } = (definition as KubeObject & { readonly spec: DefinitionSpec }).spec;
  return names.kind === kind ? versions[0]?.schema.openAPIV3Schema.properties?.['spec'] : undefined;
}

interface DefinitionSpec {
  readonly names: { readonly kind: string };
  readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: FieldSchema } }[];
}

describe('the cases of policy-support', () => {
  it.each(supportedKinds.map((kind) => [`${kind.kind} of ${kind.apiVersion}`, kind] as const))('name every field of %s', (_name, kind) => {
    const specs = kind.cases.flatMap((tried) => {
      const [object] = objectsOf(manifestOf(kind, tried)) as readonly (KubeObject & { spec?: unknown; specs?: readonly unknown[] })[];
      return [object?.spec ?? {}, ...(object?.specs ?? [])];
    });
    const used = new Set(specs.flatMap((spec) => pathsOfValue(spec)).flatMap((path) => named(path, kind)));
    const fields = new Set(fieldsOf(kind).flatMap((path) => named(path, kind)));
    expect(fields.size).toBeGreaterThan(0);
    expect([...fields].filter((path) => !used.has(path))).toEqual([]);
  });

  it('have one row for a feature', () => {
    for (const { kind, cases } of supportedKinds) {
      const features = cases.map(({ feature }) => feature);
      expect(features.filter((feature, i) => features.indexOf(feature) !== i).map((feature) => `${kind}: ${feature}`)).toEqual([]);
    }
  });
});
