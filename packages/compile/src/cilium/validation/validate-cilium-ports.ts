/** Errors in what a rule lets through or stops: ports, and messages of ICMP. */
import type { FieldError } from '@weir/kube';
import type { CiliumIcmpField, CiliumPort, CiliumPortRule } from '../objects/cilium-policy.ts';
import { readCiliumPort, readCiliumProtocol } from '../objects/cilium-port.ts';
import type { CiliumRule } from '../objects/cilium-rule.ts';
import { icmpTypeOf } from '../objects/icmp-types.ts';
import { problem } from './field-problem.ts';
import { validateDomains } from './validate-cilium-peers.ts';

/** So many ports in one member of `toPorts`, and so many types in one of `icmps`. */
const portsMax = 40;
const typesMax = 40;

/** Protocols that Cilium knows beside those with ports; they are refused elsewhere, with their reason. */
const otherProtocols = /^(ICMP|ICMPV6|VRRP|IGMP|GRE|IPIP|IPV6|ESP|AH)$/i;

/** Errors in `toPorts` of a rule. */
export function validatePorts({ toPorts = [], path, direction }: CiliumRule): FieldError[] {
  return toPorts.flatMap((rule, i) => {
    const at = `${path}.toPorts[${i}]`;
    const { ports = [] } = rule;
    return [
      ...(ports.length > portsMax ? [problem(`${at}.ports`, `too many ports, the max is ${portsMax}`)] : []),
      ...ports.flatMap((port, n) => validatePort(port, `${at}.ports[${n}]`)),
      ...validateProxyRules(rule, direction === 'ingress', at),
    ];
  });
}

function validatePort({ port = '', protocol }: CiliumPort, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (readCiliumProtocol(protocol) === undefined && !otherProtocols.test(protocol ?? '')) {
    errors.push(
      problem(`${path}.protocol`, `invalid protocol "${protocol}", must be { tcp | udp | icmp | icmpv6 | sctp | any }`, protocol),
    );
  }
  if (port === '') errors.push({ reason: 'FieldValueRequired', field: `${path}.port`, message: 'port must be specified' });
  else if (readCiliumPort(port) === undefined) errors.push(problem(`${path}.port`, 'unable to parse port', port));
  return errors;
}

function validateProxyRules({ ports = [], rules, serverNames = [] }: CiliumPortRule, isIngress: boolean, path: string): FieldError[] {
  const names = serverNames.includes('') ? [problem(`${path}.serverNames`, 'empty server name is not allowed')] : [];
  if (rules === undefined) return names;
  const { dns = [], http, kafka, l7, l7proto = '' } = rules;
  const at = `${path}.rules`;
  const kinds = [http, kafka, rules.dns, l7proto === '' ? undefined : l7proto].filter((kind) => kind !== undefined).length;
  return [
    ...names,
    ...(isIngress && dns.length > 0 ? [problem(`${at}.dns`, 'DNS rules are not allowed on ingress')] : []),
    ...(rules.dns !== undefined && ports.length === 0 ? [problem(`${at}.dns`, 'port 53 must be specified for DNS rules')] : []),
    ...(l7 !== undefined && l7proto === '' ? [problem(`${at}.l7`, "'l7' may only be specified when a 'l7proto' is also specified")] : []),
    ...(kinds > 1 ? [problem(at, 'multiple L7 protocol rule types specified in single rule')] : []),
    ...validateDomains(dns, `${at}.dns`),
  ];
}

/** Errors in `icmps` of a rule. */
export function validateIcmps(icmps: readonly { readonly fields?: readonly CiliumIcmpField[] }[], path: string): FieldError[] {
  return icmps.flatMap(({ fields = [] }, i) => [
    ...(fields.length > typesMax ? [problem(`${path}[${i}].fields`, `too many types, the max is ${typesMax}`)] : []),
    ...fields.flatMap((field, n) => validateIcmp(field, `${path}[${i}].fields[${n}]`)),
  ]);
}

function validateIcmp({ family = 'IPv4', type }: CiliumIcmpField, path: string): FieldError[] {
  if (family !== 'IPv4' && family !== 'IPv6') return [problem(`${path}.family`, `wrong family: ${family}`, family)];
  if (type === undefined) return [{ reason: 'FieldValueRequired', field: `${path}.type`, message: '' }];
  return icmpTypeOf(type, family) === undefined ? [problem(`${path}.type`, `ICMP type ${type} not found in ${family}`, type)] : [];
}
