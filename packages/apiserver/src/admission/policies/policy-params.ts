/** The parameters of a binding: objects of the policy's paramKind, by name or by selector. */
import { type JsonObject, matchesLabelSelector, objectAt, type ResourceRegistry, stringMap, textAt } from '@weir/kube';
import { keyOf } from '../../rest/object-key.ts';
import { viewOf } from '../../table/encoded-view.ts';
import type { AdmissionSituation } from '../admission-attributes.ts';
import type { PolicyBinding, PolicyDefinition } from './policy-definition.ts';

/** One entry per evaluation: `undefined` is an evaluation without parameters. Or why the binding cannot be used. */
export type BindingParams = readonly (Readonly<JsonObject> | undefined)[] | { readonly error: string };

/** Finds the parameters; none at all when the binding lets a request pass without them. */
export function paramsOf(
  policy: PolicyDefinition,
  binding: PolicyBinding,
  { attributes, transaction }: AdmissionSituation,
  registry: ResourceRegistry,
): BindingParams {
  const { paramKind } = policy;
  if (paramKind === undefined) return [undefined];
  const reference = binding.paramRef;
  // A policy with parameters that is bound without any sees `params` as null.
  if (reference === undefined) return [undefined];
  const definition = registry.findKind(paramKind);
  if (definition === undefined) {
    return { error: `failed to find resource referenced by paramKind: '${paramKind.group}/${paramKind.version}, Kind=${paramKind.kind}'` };
  }
  const named = textAt(reference, 'namespace');
  if (!definition.namespaced && named !== '')
    return { error: '`paramRef.namespace` must not be provided for a cluster-scoped `paramKind`' };
  const namespace = definition.namespaced ? named || attributes.target.namespace : '';
  if (definition.namespaced && namespace === '')
    return { error: 'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources' };
  const found: Readonly<JsonObject>[] = [];
  const name = textAt(reference, 'name');
  if (name !== '') {
    const one = transaction.get(keyOf(definition, namespace, name));
    if (one !== undefined) found.push(viewOf(definition, one));
  } else {
    const selector = objectAt(reference, 'selector') ?? {};
    const range = { resource: definition.storageKey, ...(definition.namespaced ? { namespace } : {}) };
    for (const { object } of transaction.list(range)) {
      if (matchesLabelSelector(selector, stringMap(objectAt(object.json, 'metadata'), 'labels'))) found.push(viewOf(definition, object));
    }
  }
  if (found.length > 0) return found;
  if (textAt(reference, 'parameterNotFoundAction') === 'Allow') return [];
  return { error: 'no params found for policy binding with `Deny` parameterNotFoundAction' };
}
