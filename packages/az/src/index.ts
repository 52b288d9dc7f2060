/**
 * The surface of az that managed clusters need, without azure-cli: it speaks to the ARM endpoint of this machine.
 *
 * The only public door of the package.
 */
export { azCompletions } from './az-commands.ts';
export { type RunAzOptions, runAz } from './run-az.ts';
export type { CloudAccount } from './session/cloud-account.ts';
