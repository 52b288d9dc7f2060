/** What one rule may say: its action, protocol, ICMP, HTTP, and both ends together. */
import type { FieldError } from '@weir/kube';
import { type Family, protocolNumber } from '@weir/net';
import { forbidden, invalid, notSupported, required } from '../../field-problems.ts';
import type { CalicoEntity, CalicoIcmp, CalicoProtocol, CalicoRule } from '../objects/calico-policy.ts';
import { calicoProtocolNumber, isPortProtocol, readCalicoPort } from './calico-protocol.ts';
import { entityErrors, familiesOf } from './validate-entity.ts';

/** Where a rule stands. */
export interface RulePlace {
  /** `spec.ingress[0]`. */
  readonly path: string;
  readonly direction: 'ingress' | 'egress';
  readonly isGlobal: boolean;
}

const actions: readonly string[] = ['Allow', 'Deny', 'Log', 'Pass'];

/** Everything that is wrong with one rule. */
export function ruleErrors(rule: CalicoRule, place: RulePlace): FieldError[] {
  const { path } = place;
  return [
    ...(actions.includes(rule.action) ? [] : [notSupported(`${path}.action`, rule.action, actions)]),
    ...protocolErrors(rule, path),
    ...icmpErrors(rule, path),
    ...httpErrors(rule, place),
    ...endErrors(rule, place),
    ...familyErrors(rule, path),
    ...portErrors(rule, path),
  ];
}

function endErrors({ source = {}, destination = {} }: CalicoRule, { path, direction, isGlobal }: RulePlace): FieldError[] {
  return [
    ...entityErrors(source, { path: `${path}.source`, isGlobal, isRemote: direction === 'ingress', isSource: true }),
    ...entityErrors(destination, { path: `${path}.destination`, isGlobal, isRemote: direction === 'egress', isSource: false }),
  ];
}

function protocolErrors({ ipVersion, protocol, notProtocol }: CalicoRule, path: string): FieldError[] {
  return [
    ...(ipVersion === undefined || ipVersion === 4 || ipVersion === 6 ? [] : [notSupported(`${path}.ipVersion`, ipVersion, ['4', '6'])]),
    ...familyOfProtocolErrors(protocol, ipVersion, `${path}.protocol`),
    ...familyOfProtocolErrors(notProtocol, ipVersion, `${path}.notProtocol`),
  ];
}

function familyOfProtocolErrors(protocol: CalicoProtocol | undefined, ipVersion: number | undefined, field: string): FieldError[] {
  if (protocol === undefined) return [];
  const number = calicoProtocolNumber(protocol);
  if (number === undefined) return [invalid(field, protocol, 'must be TCP, UDP, ICMP, ICMPv6, SCTP, UDPLite, or a number from 1 to 255')];
  if (number === protocolNumber.ICMP && ipVersion === 6) return [invalid(field, protocol, 'protocol ICMP must be used with ipVersion 4')];
  if (number === protocolNumber.ICMPv6 && ipVersion === 4)
    return [invalid(field, protocol, 'protocol ICMPv6 must be used with ipVersion 6')];
  return [];
}

function icmpErrors({ icmp, notICMP, protocol }: CalicoRule, path: string): FieldError[] {
  const number = protocol === undefined ? undefined : calicoProtocolNumber(protocol);
  const isIcmp = number === protocolNumber.ICMP || number === protocolNumber.ICMPv6;
  const check = (value: CalicoIcmp | undefined, field: string): FieldError[] => {
    if (value === undefined) return [];
    return [
      ...(isIcmp ? [] : [forbidden(field, 'ICMP fields need protocol ICMP or ICMPv6')]),
      ...(value.code !== undefined && value.type === undefined
        ? [required(`${field}.type`, 'ICMP code specified without an ICMP type')]
        : []),
      ...rangeErrors(value.type, 254, `${field}.type`),
      ...rangeErrors(value.code, 255, `${field}.code`),
    ];
  };
  return [...check(icmp, `${path}.icmp`), ...check(notICMP, `${path}.notICMP`)];
}

function rangeErrors(value: number | undefined, max: number, field: string): FieldError[] {
  return value === undefined || (value >= 0 && value <= max) ? [] : [invalid(field, value, `must be from 0 to ${max}`)];
}

function httpErrors({ http, action, protocol }: CalicoRule, { path, direction }: RulePlace): FieldError[] {
  if (http === undefined) return [];
  const field = `${path}.http`;
  const isTcp = protocol === undefined || calicoProtocolNumber(protocol) === protocolNumber.TCP;
  const { methods = [], paths = [] } = http;
  return [
    ...(direction === 'egress' ? [forbidden(field, 'HTTP rules are for ingress only')] : []),
    ...(action === 'Allow' ? [] : [forbidden(field, 'HTTP rules must have action Allow')]),
    ...(isTcp ? [] : [forbidden(field, 'HTTP rules must have protocol TCP')]),
    ...methods.flatMap((method, i) =>
      methods.indexOf(method) === i
        ? []
        : [{ reason: 'FieldValueDuplicate', field: `${field}.methods[${i}]`, value: method, message: '' } as const],
    ),
    ...paths.flatMap((each, i) => pathErrors(each, `${field}.paths[${i}]`)),
  ];
}

function pathErrors({ exact, prefix }: { readonly exact?: string; readonly prefix?: string }, field: string): FieldError[] {
  const text = exact ?? prefix;
  if (text === undefined || (exact !== undefined && prefix !== undefined))
    return [invalid(field, { exact, prefix }, 'must have either exact or prefix')];
  return /^\/[^?# ]{0,1023}$/.test(text) ? [] : [invalid(field, text, "must begin with '/' and have no '?', '#' or space")];
}

/** All blocks of a rule are of one family, and of the one that the rule names. */
function familyErrors({ source = {}, destination = {}, ipVersion }: CalicoRule, path: string): FieldError[] {
  const families = new Set<Family>([...familiesOf(source), ...familiesOf(destination)]);
  if (families.size > 1) return [forbidden(path, 'rule contains both IPv4 and IPv6 CIDRs')];
  const [family] = families;
  if (family === undefined || ipVersion === undefined || family === ipVersion) return [];
  return [invalid(`${path}.ipVersion`, ipVersion, `rule contains an IPv${family} CIDR`)];
}

/** Numbers need a protocol that has ports; names bring theirs along. */
function portErrors({ source = {}, destination = {}, protocol }: CalicoRule, path: string): FieldError[] {
  const lists = (
    [
      ['source', source],
      ['destination', destination],
    ] as const
  ).flatMap(([name, entity]: readonly [string, CalicoEntity]) => [
    { field: `${path}.${name}.ports`, ports: entity.ports ?? [] },
    { field: `${path}.${name}.notPorts`, ports: entity.notPorts ?? [] },
  ]);
  const number = protocol === undefined ? undefined : calicoProtocolNumber(protocol);
  return lists.flatMap(({ field, ports }) => {
    if (ports.length === 0 || (number !== undefined && isPortProtocol(number))) return [];
    if (protocol !== undefined) return [forbidden(field, 'rules that specify ports must set protocol to TCP or UDP or SCTP')];
    const hasNumber = ports.some((port) => 'range' in (readCalicoPort(port) ?? {}));
    return hasNumber ? [forbidden(field, 'rules with numeric port or port range must set protocol to TCP or UDP or SCTP')] : [];
  });
}
