/** Documents as they arrive, read field by field: what HNS does not take is rejected with the row that says so. */
import { type AddressRange, cidrRange, type PortRange, parseAddress, parseCidr, singleAddressCidr } from '@weir/net';
import { HnsRejection, type HnsRuleName } from './hns-rules.ts';

/** A policy of any kind; others than sets and ACLs are kept as they are. */
export interface PolicyDocument {
  readonly Type: string;
  readonly Settings: unknown;
}

/** A request to change policies. */
export interface RequestDocument {
  readonly type: 'Add' | 'Update' | 'Remove';
  readonly policies: readonly PolicyDocument[];
}

/** A set of addresses or of sets. */
export interface SetDocument {
  readonly id: string;
  readonly name: string;
  readonly nested: boolean;
  readonly values: readonly string[];
}

/** Addresses of a field: ranges, or sets of which all must match. */
export type AddressField =
  | { readonly kind: 'literals'; readonly ranges: readonly AddressRange[] }
  | { readonly kind: 'sets'; readonly ids: readonly string[] };

/** One ACL. */
export interface AclDocument {
  readonly allows: boolean;
  readonly direction: 'In' | 'Out';
  readonly ruleType: 'Switch' | 'Host';
  readonly priority: number;
  /** Undefined: all. */
  readonly protocol: number | undefined;
  readonly local: AddressField | undefined;
  readonly remote: AddressField | undefined;
  readonly localPorts: readonly PortRange[] | undefined;
  readonly remotePorts: readonly PortRange[] | undefined;
}

const valuesMax = 200_000;
const policiesMax = 20_000;
const sctp = 132;
const withPorts = new Set([6, 17]);

/** Reads the request around the policies. */
export function readRequest(document: unknown): RequestDocument {
  const { ResourceType, RequestType, Settings } = fieldsOf(document, 'requestShape', 'the request');
  if (ResourceType !== 'Policy') throw new HnsRejection('requestShape', `ResourceType is ${JSON.stringify(ResourceType)}`);
  if (RequestType !== 'Add' && RequestType !== 'Update' && RequestType !== 'Remove') {
    throw new HnsRejection('requestShape', `RequestType is ${JSON.stringify(RequestType)}`);
  }
  const { Policies } = fieldsOf(Settings, 'requestShape', 'Settings');
  if (!Array.isArray(Policies) || Policies.length > policiesMax) {
    throw new HnsRejection('requestShape', `Policies is no list of at most ${policiesMax} policies`);
  }
  const policies = Policies.map((policy: unknown) => {
    const { Type, Settings: settings } = fieldsOf(policy, 'requestShape', 'a policy');
    if (typeof Type !== 'string') throw new HnsRejection('requestShape', 'a policy has no Type');
    return { Type, Settings: settings };
  });
  return { type: RequestType, policies };
}

/** Reads the settings of a SetPolicy. */
export function readSet(settings: unknown): SetDocument {
  const { Id, Name, PolicyType, Values = '', ...rest } = fieldsOf(settings, 'setDocument', 'the SetPolicy');
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) throw new HnsRejection('setDocument', `a SetPolicy has no field ${unknown}`);
  if (typeof Id !== 'string' || !/^[\w.-]{1,128}$/.test(Id)) throw new HnsRejection('setDocument', `Id is ${JSON.stringify(Id)}`);
  if (typeof Name !== 'string' || Name === '') throw new HnsRejection('setDocument', `set ${Id} has no Name`);
  if (PolicyType !== 'IPSET' && PolicyType !== 'NESTEDIPSET') {
    throw new HnsRejection('setDocument', `the PolicyType of set ${Id} is ${JSON.stringify(PolicyType)}`);
  }
  const values = listOf(Values, 'setDocument', `Values of set ${Id}`);
  if (values.length > valuesMax) throw new HnsRejection('setDocument', `set ${Id} has more than ${valuesMax} values`);
  if (PolicyType === 'IPSET') for (const value of values) rangeOf(value, `set ${Id}`);
  return { id: Id, name: Name, nested: PolicyType === 'NESTEDIPSET', values };
}

const aclFields = [
  'Id',
  'Protocols',
  'Action',
  'Direction',
  'LocalAddresses',
  'RemoteAddresses',
  'LocalPorts',
  'RemotePorts',
  'RuleType',
  'Priority',
];

/** Reads the settings of an ACL. */
export function readAcl(settings: unknown): AclDocument {
  const fields = fieldsOf(settings, 'aclDocument', 'the ACL');
  const unknown = Object.keys(fields).find((name) => !aclFields.includes(name));
  if (unknown !== undefined) throw new HnsRejection('aclDocument', `an ACL has no field ${unknown}`);
  const { Action, Direction, RuleType = 'Switch', Priority = 0 } = fields;
  if (Action !== 'Allow' && Action !== 'Block') throw new HnsRejection('aclAction', `Action is ${JSON.stringify(Action)}`);
  if (Direction !== 'In' && Direction !== 'Out') throw new HnsRejection('aclAction', `Direction is ${JSON.stringify(Direction)}`);
  if (RuleType !== 'Switch' && RuleType !== 'Host') throw new HnsRejection('aclAction', `RuleType is ${JSON.stringify(RuleType)}`);
  if (typeof Priority !== 'number' || !Number.isInteger(Priority) || Priority < 0 || Priority > 65_535) {
    throw new HnsRejection('aclPriority', `Priority is ${JSON.stringify(Priority)}`);
  }
  const protocol = protocolOf(fields['Protocols']);
  const localPorts = portsOf(fields['LocalPorts'], 'LocalPorts');
  const remotePorts = portsOf(fields['RemotePorts'], 'RemotePorts');
  if ((localPorts !== undefined || remotePorts !== undefined) && (protocol === undefined || !withPorts.has(protocol))) {
    throw new HnsRejection('portWithoutProtocol', `an ACL has ports and protocol ${protocol ?? 'any'}`);
  }
  return {
    allows: Action === 'Allow',
    direction: Direction,
    ruleType: RuleType,
    priority: Priority,
    protocol,
    local: addressesOf(fields['LocalAddresses'], 'LocalAddresses'),
    remote: addressesOf(fields['RemoteAddresses'], 'RemoteAddresses'),
    localPorts,
    remotePorts,
  };
}

/** The addresses of a value of an IPSET or a literal. */
export function rangeOf(value: string, where: string): AddressRange {
  const address = parseAddress(value);
  const cidr = address === undefined ? parseCidr(value) : singleAddressCidr(address);
  if (cidr === undefined) throw new HnsRejection('setValue', `'${value}' in ${where} is no address or block`);
  if (cidr.prefixLength === 0) throw new HnsRejection('setValue', `'${value}' in ${where} is a whole family`);
  return cidrRange(cidr);
}

function protocolOf(value: unknown): number | undefined {
  if (value === undefined || value === '' || value === '256') return undefined;
  if (typeof value !== 'string' || !/^\d{1,3}$/.test(value) || Number(value) > 255) {
    throw new HnsRejection('protocolNumber', `Protocols is ${JSON.stringify(value)}`);
  }
  if (Number(value) === sctp) throw new HnsRejection('noSctp', 'Protocols is 132');
  return Number(value);
}

function portsOf(value: unknown, field: string): PortRange[] | undefined {
  const tokens = listOf(value, 'numericPort', field);
  if (tokens.length === 0) return undefined;
  return tokens.map((token) => {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(token);
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (match === null || last > 65_535 || first > last) throw new HnsRejection('numericPort', `'${token}' in ${field} is no port`);
    return { first, last };
  });
}

function addressesOf(value: unknown, field: string): AddressField | undefined {
  const tokens = listOf(value, 'aclDocument', field);
  if (tokens.length === 0) return undefined;
  const literals = tokens.filter((token) => parseAddress(token) !== undefined || token.includes('/'));
  if (literals.length === 0) return { kind: 'sets', ids: tokens };
  if (literals.length < tokens.length) throw new HnsRejection('addressOrSet', `${field} has addresses and sets`);
  return { kind: 'literals', ranges: literals.map((token) => rangeOf(token, field)) };
}

function listOf(value: unknown, rule: HnsRuleName, what: string): string[] {
  if (value === undefined || value === '') return [];
  if (typeof value !== 'string') throw new HnsRejection(rule, `${what} is no text`);
  return value.split(',').map((part) => part.trim());
}

function fieldsOf(document: unknown, rule: HnsRuleName, what: string): Readonly<Record<string, unknown>> {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) throw new HnsRejection(rule, `${what} is no object`);
  return document as Readonly<Record<string, unknown>>;
}
