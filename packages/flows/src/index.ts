/**
 * Recorded flows in every log format, and suggestions and audits made of them.
 *
 * The only public door of the package.
 */
export * from './describe-flow.ts';
export * from './flow-filter.ts';
export * from './flow-log-reader.ts';
export * from './hubble-json.ts';
export * from './observed-flow.ts';
export { ServicesByConnection } from './services-by-connection.ts';
export * from './suggest/audit-policies.ts';
export * from './suggest/describe-connection.ts';
export { FlowDigest } from './suggest/flow-digest.ts';
export type { ObservedConnection, ObservedConnections } from './suggest/observed-connections.ts';
export * from './suggest/suggest-report.ts';
export * from './suggest/suggestion-json.ts';
