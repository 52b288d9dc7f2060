/**
 * The variables of admission expressions: `object`, `oldObject`, `request`, `params`, `namespaceObject`,
 * `variables` and `authorizer` (`k8s.io/apiserver/pkg/admission/plugin/cel`).
 */

import { defined } from '@weir/net';
import { builtInSchemas } from '../../registry/define-resource.ts';
import { boolType, type CelObjectType, type CelType, dynType, listType, mapType, stringType } from '../language/cel-type.ts';
import { celObjectType } from '../schema-type.ts';

/** What an expression of a policy can use. */
export interface AdmissionNames {
  /** Whether there is `params`. */
  readonly hasParams: boolean;
  /** Names of the policy's variables that are known so far; absent where there are none at all. */
  readonly variables?: readonly string[];
  /** The type of `object` and `oldObject`; anything when it is not known. */
  readonly objectType?: CelType;
}

function record(name: string, fields: Readonly<Record<string, CelType>>): CelObjectType {
  return { kind: 'object', name, fields: new Map(Object.entries(fields)) };
}

const kindType = record('kubernetes.GroupVersionKind', { group: stringType, version: stringType, kind: stringType });
const resourceType = record('kubernetes.GroupVersionResource', { group: stringType, version: stringType, resource: stringType });
const userType = record('kubernetes.UserInfo', {
  username: stringType,
  uid: stringType,
  groups: listType(stringType),
  extra: mapType(stringType, listType(stringType)),
});

const requestType = record('kubernetes.AdmissionRequest', {
  kind: kindType,
  resource: resourceType,
  subResource: stringType,
  requestKind: kindType,
  requestResource: resourceType,
  requestSubResource: stringType,
  name: stringType,
  namespace: stringType,
  operation: stringType,
  userInfo: userType,
  dryRun: boolType,
  options: dynType,
});

/** The variables and their types. */
export function admissionVariables(names: AdmissionNames): ReadonlyMap<string, CelType> {
  const object = names.objectType ?? dynType;
  const types = new Map<string, CelType>([
    ['object', object],
    ['oldObject', object],
    ['request', requestType],
    ['namespaceObject', celObjectType(defined(builtInSchemas.get('Namespace'), 'Namespace is a built-in type'))],
    ['authorizer', { kind: 'opaque', name: 'kubernetes.authorization.Authorizer' }],
    ['authorizer.requestResource', { kind: 'opaque', name: 'kubernetes.authorization.ResourceCheck' }],
  ]);
  if (names.hasParams) types.set('params', dynType);
  if (names.variables !== undefined) {
    types.set('variables', record('kubernetes.variables', Object.fromEntries(names.variables.map((name) => [name, dynType]))));
  }
  return types;
}
