/**
 * Whether a webhook or a policy is for a request: rules, selectors, and the other versions of a kind
 * (`k8s.io/apiserver/pkg/admission/plugin/webhook/predicates`).
 */
import {
  groupResource,
  type JsonObject,
  listAt,
  matchesLabelSelector,
  objectAt,
  objectsAt,
  type ResourceDefinition,
  type ResourceRegistry,
  stringMap,
  textAt,
} from '@weir/kube';
import { namespacesResource } from '../rest/object-key.ts';
import type { AdmissionAttributes, AdmissionSituation } from './admission-attributes.ts';

/** `matchConstraints` of a policy, `matchResources` of a binding, or a webhook: what they have in common. */
export interface RequestMatcher {
  readonly rules: readonly JsonObject[];
  readonly excluded: readonly JsonObject[];
  readonly equivalent: boolean;
  readonly namespaceSelector: JsonObject;
  readonly objectSelector: JsonObject;
}

/** Reads a matcher; `rulesField` is what the rules are called there. */
export function parseMatcher(parent: JsonObject | undefined, rulesField: 'rules' | 'resourceRules'): RequestMatcher {
  return {
    rules: objectsAt(parent, rulesField),
    excluded: objectsAt(parent, 'excludeResourceRules'),
    equivalent: textAt(parent, 'matchPolicy') !== 'Exact',
    namespaceSelector: objectAt(parent, 'namespaceSelector') ?? {},
    objectSelector: objectAt(parent, 'objectSelector') ?? {},
  };
}

/** Nobody can lock themselves out: these kinds are never asked about. */
const exemptGroup = 'admissionregistration.k8s.io';

/** The kind under which a request matches (it may be another version of the object's own), or undefined. */
export function matchedDefinition(
  matcher: RequestMatcher,
  { attributes, transaction }: AdmissionSituation,
  registry: ResourceRegistry,
): ResourceDefinition | undefined {
  const { definition } = attributes.target;
  if (definition.group === exemptGroup) return undefined;
  const found = definitionFor(matcher.rules, attributes, { registry, equivalent: matcher.equivalent });
  if (found === undefined) return undefined;
  if (definitionFor(matcher.excluded, attributes, { registry, equivalent: matcher.equivalent }) !== undefined) return undefined;
  if (!matchesNamespace(matcher.namespaceSelector, { attributes, transaction })) return undefined;
  return matchesObject(matcher.objectSelector, attributes) ? found : undefined;
}

/** A binding without rules narrows nothing. */
export function matchesNarrowed(matcher: RequestMatcher, situation: AdmissionSituation, registry: ResourceRegistry): boolean {
  if (matcher.rules.length > 0) return matchedDefinition(matcher, situation, registry) !== undefined;
  const { attributes } = situation;
  if (definitionFor(matcher.excluded, attributes, { registry, equivalent: matcher.equivalent }) !== undefined) return false;
  return matchesNamespace(matcher.namespaceSelector, situation) && matchesObject(matcher.objectSelector, attributes);
}

function definitionFor(
  rules: readonly JsonObject[],
  attributes: AdmissionAttributes,
  { registry, equivalent }: { readonly registry: ResourceRegistry; readonly equivalent: boolean },
): ResourceDefinition | undefined {
  const { definition } = attributes.target;
  if (rules.some((rule) => matchesRule(rule, attributes, definition))) return definition;
  if (!equivalent || rules.length === 0) return undefined;
  const others = registry.all().filter((each) => each !== definition && each.storageKey === definition.storageKey);
  return others.find((other) => rules.some((rule) => matchesRule(rule, attributes, other)));
}

function matchesRule(rule: JsonObject, attributes: AdmissionAttributes, definition: ResourceDefinition): boolean {
  const names = listAt(rule, 'resourceNames');
  return (
    includesOrAll(rule, 'operations', attributes.operation) &&
    includesOrAll(rule, 'apiGroups', definition.group) &&
    includesOrAll(rule, 'apiVersions', definition.version) &&
    listAt(rule, 'resources').some((each) => matchesResource(String(each), definition.plural, attributes.target.subresource)) &&
    matchesScope(textAt(rule, 'scope'), definition) &&
    (names.length === 0 || names.includes(attributes.name))
  );
}

function includesOrAll(rule: JsonObject, field: string, value: string): boolean {
  const values = listAt(rule, field);
  return values.includes('*') || values.includes(value);
}

/** `pods`, `pods/status`, `pods/*`, `*` (no subresources), `*\/status`, `*\/*`. */
function matchesResource(rule: string, plural: string, subresource: string): boolean {
  const [resource = '', sub = ''] = rule.split('/');
  return (resource === '*' || resource === plural) && (sub === '*' || sub === subresource);
}

function matchesScope(scope: string, definition: ResourceDefinition): boolean {
  if (scope === '*' || scope === '') return true;
  // Namespaces themselves count as of the cluster.
  return (scope === 'Namespaced') === definition.namespaced;
}

function isEverything(selector: JsonObject): boolean {
  return Object.keys(selector).length === 0;
}

/** By the labels of the object's namespace; for a namespace by its own. Other things of the cluster always match. */
function matchesNamespace(selector: JsonObject, { attributes, transaction }: AdmissionSituation): boolean {
  if (isEverything(selector)) return true;
  const { target, object, old } = attributes;
  if (groupResource(target.definition) === namespacesResource) {
    const own = attributes.operation === 'DELETE' || target.subresource !== '' ? (old ?? object) : object;
    return matchesLabelSelector(selector, labelsOf(own));
  }
  if (!target.definition.namespaced) return true;
  const namespace = transaction.get({ resource: namespacesResource, namespace: '', name: target.namespace });
  return matchesLabelSelector(selector, labelsOf(namespace?.json));
}

/** By the labels before or after the change: neither adding nor taking a label escapes. */
function matchesObject(selector: JsonObject, { object, old }: AdmissionAttributes): boolean {
  if (isEverything(selector)) return true;
  return [object, old].some((each) => each !== undefined && matchesLabelSelector(selector, labelsOf(each)));
}

function labelsOf(object: Readonly<JsonObject> | undefined): Record<string, string> {
  return stringMap(objectAt(object, 'metadata'), 'labels');
}
