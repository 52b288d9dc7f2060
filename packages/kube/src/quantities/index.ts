/** Amounts of resources: exact arithmetic, what pods ask for, what quotas count. */
export * from './pod-resources.ts';
export * from './quantity.ts';
export * from './quota-usage.ts';
