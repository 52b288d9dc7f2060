/** `audit.k8s.io/v1 Policy` as data: what is written down of which request, in which stages of it. */

/** How much of a request is written down; each level has all of the one before. */
export const auditLevels = ['None', 'Metadata', 'Request', 'RequestResponse'] as const;
export type AuditLevel = (typeof auditLevels)[number];

/** When: as it comes, when a long answer begins, at the end, or at the end by a fault of the server. */
export const auditStages = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const;
export type AuditStage = (typeof auditStages)[number];

/** Resources of one API group. */
export interface AuditResources {
  /** Absent or empty: the core group. */
  readonly group?: string;
  /** `pods`, `pods/log`, `pods/*`, `*\/scale`, `*`; absent or empty: all of the group. */
  readonly resources?: readonly string[];
  /** Absent or empty: all objects. */
  readonly resourceNames?: readonly string[];
}

/** A rule; what is absent or empty restricts nothing. */
export interface AuditRule {
  readonly level: AuditLevel;
  readonly users?: readonly string[];
  /** Those of whom the user has one at least. */
  readonly userGroups?: readonly string[];
  readonly verbs?: readonly string[];
  readonly resources?: readonly AuditResources[];
  /** The empty name is that of what has no namespace. */
  readonly namespaces?: readonly string[];
  /** Paths that are no resources; a `*` at the end stands for any rest. */
  readonly nonResourceURLs?: readonly string[];
  /** Stages of which nothing is written, besides those of the policy. */
  readonly omitStages?: readonly AuditStage[];
  /** In place of the policy's. */
  readonly omitManagedFields?: boolean;
}

/** A policy: the first rule that matches decides, and what no rule matches is not written down. */
export interface AuditPolicy {
  readonly rules: readonly AuditRule[];
  readonly omitStages?: readonly AuditStage[];
  /** Whether bodies are written without `metadata.managedFields`. */
  readonly omitManagedFields?: boolean;
}
