export { createIptablesDataplane, type IptablesDataplane, type IptablesOptions } from './iptables-dataplane.ts';
