/** Audit policies: which requests to an API server are written down, and how much of them. */
export * from './audit-level.ts';
export * from './audit-policy.ts';
export * from './parse-audit-policy.ts';
