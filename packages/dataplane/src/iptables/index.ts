/** The iptables back end. */
export { hasIptables, removeAzureNpm } from './azure-npm.ts';
export { createIptablesDataplane, type IptablesDataplane, type IptablesOptions } from './iptables-dataplane.ts';
