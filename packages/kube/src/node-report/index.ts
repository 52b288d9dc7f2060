/** What agents publish of their nodes, and the Lease that carries it. */
export * from './agent-lease.ts';
export * from './node-report.ts';
