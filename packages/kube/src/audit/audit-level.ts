/** What a policy says of one request (`staging/src/k8s.io/apiserver/pkg/audit/policy`). */
import type { AuditLevel, AuditPolicy, AuditResources, AuditRule, AuditStage } from './audit-policy.ts';

/** A request as rules see it. */
export interface AuditedRequest {
  /** Who sent it, before any impersonation; absent when that is nobody. */
  readonly user?: { readonly username: string; readonly groups: readonly string[] } | undefined;
  /** Of a path that is no resource: the method in lower case. */
  readonly verb: string;
  readonly path: string;
  /** Absent for paths that are no resources. */
  readonly resource?: AuditedResource | undefined;
}

/** What a request is about. */
export interface AuditedResource {
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  /** Empty for cluster-scoped resources, and for all namespaces. */
  readonly namespace: string;
  /** Empty for collections. */
  readonly name: string;
}

/** The answer of a policy. */
export interface AuditDecision {
  readonly level: AuditLevel;
  readonly omitStages: readonly AuditStage[];
  readonly omitManagedFields: boolean;
}

/** What the first matching rule says; nothing is written down when none matches. */
export function auditDecision(policy: AuditPolicy, request: AuditedRequest): AuditDecision {
  const rule = policy.rules.find((each) => matches(each, request));
  return {
    level: rule?.level ?? 'None',
    omitStages: [...(policy.omitStages ?? []), ...(rule?.omitStages ?? [])],
    omitManagedFields: rule?.omitManagedFields ?? policy.omitManagedFields ?? false,
  };
}

function matches(rule: AuditRule, { user, verb, path, resource }: AuditedRequest): boolean {
  const { users = [], userGroups = [], verbs = [], namespaces = [], resources = [], nonResourceURLs = [] } = rule;
  if (users.length > 0 && (user === undefined || !users.includes(user.username))) return false;
  if (userGroups.length > 0 && !userGroups.some((group) => user?.groups.includes(group) ?? false)) return false;
  if (verbs.length > 0 && !verbs.includes(verb)) return false;
  if (namespaces.length > 0 || resources.length > 0) {
    if (resource === undefined) return false;
    if (namespaces.length > 0 && !namespaces.includes(resource.namespace)) return false;
    return resources.length === 0 || resources.some((each) => isAmong(each, resource));
  }
  if (nonResourceURLs.length === 0) return true;
  return resource === undefined && nonResourceURLs.some((pattern) => matchesPath(pattern, path));
}

function isAmong({ group = '', resources = [], resourceNames = [] }: AuditResources, asked: AuditedResource): boolean {
  if (group !== asked.group) return false;
  if (resources.length === 0) return true;
  if (resourceNames.length > 0 && !resourceNames.includes(asked.name)) return false;
  const { resource, subresource } = asked;
  const whole = subresource === '' ? resource : `${resource}/${subresource}`;
  return resources.some(
    (pattern) =>
      pattern === '*' || pattern === whole || pattern === `${resource}/*` || (subresource !== '' && pattern === `*/${subresource}`),
  );
}

function matchesPath(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path;
}
