/** Rules of roles: what one allows, and whether some allow all that another does (`plugin/pkg/auth/authorizer/rbac`, `pkg/registry/rbac/validation`). */
import { type JsonObject, listAt, objectsAt } from '@weir/kube';
import type { Access, PolicyRule, ResourceAccess } from './access.ts';

/** The rules of a stored role. */
export function rulesIn(role: Readonly<JsonObject>): readonly PolicyRule[] {
  return objectsAt(role, 'rules').map((rule) => ({
    verbs: texts(rule, 'verbs'),
    apiGroups: texts(rule, 'apiGroups'),
    resources: texts(rule, 'resources'),
    resourceNames: texts(rule, 'resourceNames'),
    nonResourceURLs: texts(rule, 'nonResourceURLs'),
  }));
}

/** Whether the rule allows the access. */
export function allows(rule: PolicyRule, access: Access): boolean {
  if (!has(rule.verbs, access.verb)) return false;
  if (access.kind === 'path') return rule.nonResourceURLs.some((pattern) => matchesPath(pattern, access.path));
  return has(rule.apiGroups, access.group) && allowsResource(rule, access) && allowsName(rule, access.name);
}

/** What `asked` gives that none of `held` does, in single steps; empty when it gives nothing more. */
export function uncovered(asked: readonly PolicyRule[], held: readonly PolicyRule[]): readonly PolicyRule[] {
  return asked.flatMap(singleSteps).filter((step) => !held.some((rule) => covers(rule, step)));
}

/** As error messages write a rule. */
export function formatRule(rule: PolicyRule): string {
  const fields = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['ResourceNames', rule.resourceNames],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['Verbs', rule.verbs],
  ] as const;
  const parts = fields
    .filter(([, values]) => values.length > 0)
    .map(([name, values]) => `${name}:[${values.map((each) => JSON.stringify(each)).join(' ')}]`);
  return `{${parts.join(', ')}}`;
}

function allowsResource({ resources }: PolicyRule, { resource, subresource }: ResourceAccess): boolean {
  const whole = subresource === '' ? resource : `${resource}/${subresource}`;
  return resources.some((each) => each === '*' || each === whole || (subresource !== '' && each === `*/${subresource}`));
}

function allowsName({ resourceNames }: PolicyRule, name: string): boolean {
  return resourceNames.length === 0 || resourceNames.includes(name);
}

function matchesPath(pattern: string, path: string): boolean {
  if (pattern === '*' || pattern === path) return true;
  return pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1));
}

/** One verb, one group, one resource and one name, or one path, each. */
function singleSteps(rule: PolicyRule): readonly PolicyRule[] {
  const steps: PolicyRule[] = [];
  const names = rule.resourceNames.length === 0 ? [[]] : rule.resourceNames.map((name) => [name]);
  for (const verb of rule.verbs) {
    for (const url of rule.nonResourceURLs)
      steps.push({ verbs: [verb], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [url] });
    for (const group of rule.apiGroups) {
      for (const resource of rule.resources) {
        for (const resourceNames of names)
          steps.push({ verbs: [verb], apiGroups: [group], resources: [resource], resourceNames, nonResourceURLs: [] });
      }
    }
  }
  return steps;
}

function covers(rule: PolicyRule, step: PolicyRule): boolean {
  if (!step.verbs.every((verb) => has(rule.verbs, verb))) return false;
  if (step.nonResourceURLs.length > 0) {
    return step.nonResourceURLs.every((url) => rule.nonResourceURLs.some((pattern) => pattern === url || matchesPath(pattern, url)));
  }
  const isNamed =
    rule.resourceNames.length === 0 ||
    (step.resourceNames.length > 0 && step.resourceNames.every((name) => rule.resourceNames.includes(name)));
  return (
    isNamed && step.apiGroups.every((group) => has(rule.apiGroups, group)) && step.resources.every((each) => coversResource(rule, each))
  );
}

function coversResource({ resources }: PolicyRule, resource: string): boolean {
  if (resources.includes('*') || resources.includes(resource)) return true;
  const slash = resource.indexOf('/');
  return slash >= 0 && resources.includes(`*${resource.slice(slash)}`);
}

function has(values: readonly string[], value: string): boolean {
  return values.includes('*') || values.includes(value);
}

function texts(rule: JsonObject, field: string): readonly string[] {
  return listAt(rule, field).filter((each) => typeof each === 'string');
}
