/**
 * `status.typeChecking` of a policy: what cannot work for the kinds that it names. Only rules without
 * wildcards are checked, at most ten kinds, as upstream.
 */
import {
  admissionVariables,
  apiVersionOf,
  celObjectType,
  compileExpression,
  formatIssues,
  type JsonObject,
  listAt,
  objectAt,
  objectsAt,
  type ResourceDefinition,
  type ResourceRegistry,
  textAt,
} from '@weir/kube';

const kindsMax = 10;

/** Sets the status of a policy that is being written; owns its argument. */
export function checkPolicyTypes(policy: JsonObject, registry: ResourceRegistry): JsonObject {
  const spec = objectAt(policy, 'spec');
  const kinds = kindsOf(spec, registry);
  const warnings = expressionsOf(spec).flatMap(({ fieldRef, text }) => {
    const problems = kinds.flatMap((kind) => problemOf(text, spec, kind) ?? []);
    return problems.length === 0 ? [] : [{ fieldRef, warning: problems.join('\n') }];
  });
  const generation = objectAt(policy, 'metadata')?.['generation'];
  policy['status'] = {
    ...objectAt(policy, 'status'),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    typeChecking: warnings.length === 0 ? {} : { expressionWarnings: warnings },
  };
  return policy;
}

function kindsOf(spec: JsonObject | undefined, registry: ResourceRegistry): ResourceDefinition[] {
  const found = new Set<ResourceDefinition>();
  for (const rule of objectsAt(objectAt(spec, 'matchConstraints'), 'resourceRules')) {
    for (const group of listAt(rule, 'apiGroups')) {
      for (const version of listAt(rule, 'apiVersions')) {
        for (const resource of listAt(rule, 'resources')) {
          const definition = registry.find(String(group), String(version), String(resource));
          if (definition !== undefined) found.add(definition);
        }
      }
    }
  }
  return [...found].slice(0, kindsMax);
}

function expressionsOf(spec: JsonObject | undefined): { readonly fieldRef: string; readonly text: string }[] {
  return objectsAt(spec, 'validations').flatMap((validation, i) => {
    const path = `spec.validations[${i}]`;
    const words = textAt(validation, 'messageExpression');
    return [
      { fieldRef: `${path}.expression`, text: textAt(validation, 'expression') },
      ...(words === '' ? [] : [{ fieldRef: `${path}.messageExpression`, text: words }]),
    ];
  });
}

function problemOf(text: string, spec: JsonObject | undefined, kind: ResourceDefinition): string | undefined {
  const names = {
    hasParams: objectAt(spec, 'paramKind') !== undefined,
    variables: objectsAt(spec, 'variables').map((variable) => textAt(variable, 'name')),
    objectType: celObjectType(kind.schema),
  };
  const compiled = compileExpression(text, admissionVariables(names));
  if ('program' in compiled) return undefined;
  return `${apiVersionOf(kind)}, Kind=${kind.kind}: ${formatIssues(text, compiled.issues)}`;
}
