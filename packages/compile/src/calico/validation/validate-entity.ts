/** What one end of a rule may ask for: selectors, blocks, ports, service accounts, services. */
import type { FieldError } from '@weir/kube';
import { type Cidr, cidrFamily, compareAddresses, type Family, parseAddress, parseCidr, singleAddressCidr } from '@weir/net';
import { forbidden, invalid, required } from '../../field-problems.ts';
import type { CalicoEntity } from '../objects/calico-policy.ts';
import type { CalicoSelector } from '../selector/calico-selector.ts';
import { parseCalicoSelector } from '../selector/parse-calico-selector.ts';
import { readCalicoPort } from './calico-protocol.ts';

/** Where an entity stands. */
export interface EntityPlace {
  /** `spec.ingress[0].source`. */
  readonly path: string;
  readonly isGlobal: boolean;
  /** Whether this is the end that the policy does not select: the source of ingress, the destination of egress. */
  readonly isRemote: boolean;
  readonly isSource: boolean;
}

const selectorMax = 1_024;

/** Everything that is wrong with one end. */
export function entityErrors(entity: CalicoEntity, place: EntityPlace): FieldError[] {
  const { path } = place;
  return [
    ...selectorErrors(entity.selector, `${path}.selector`),
    ...selectorErrors(entity.notSelector, `${path}.notSelector`),
    ...selectorErrors(entity.namespaceSelector, `${path}.namespaceSelector`, 'namespaces'),
    ...selectorErrors(entity.serviceAccounts?.selector, `${path}.serviceAccounts.selector`),
    ...(entity.nets ?? []).flatMap((net, i) => netErrors(net, `${path}.nets[${i}]`)),
    ...(entity.notNets ?? []).flatMap((net, i) => notNetErrors(net, `${path}.notNets[${i}]`)),
    ...portErrors(entity.ports, `${path}.ports`),
    ...portErrors(entity.notPorts, `${path}.notPorts`),
    ...serviceErrors(entity, place),
  ];
}

/** Why a text is no selector, or one that may not stand here: `global()` is for namespaces, and stands alone. */
export function selectorErrors(text: string | undefined, field: string, of: 'endpoints' | 'namespaces' = 'endpoints'): FieldError[] {
  if (text === undefined) return [];
  if (text.length > selectorMax) return [{ reason: 'FieldValueTooLong', field, message: `may not be more than ${selectorMax} bytes` }];
  const result = parseCalicoSelector(text);
  if (result.kind === 'refused') return [invalid(field, text, `${result.message} (at ${result.offset})`)];
  const { selector } = result;
  if (of === 'endpoints' && hasGlobal(selector))
    return [invalid(field, text, 'global() can only be used in an EntityRule namespaceSelector')];
  return selector.kind !== 'global' && hasGlobal(selector) ? [invalid(field, text, 'global() must stand alone')] : [];
}

function hasGlobal(selector: CalicoSelector): boolean {
  if (selector.kind === 'global') return true;
  if (selector.kind === 'not') return hasGlobal(selector.of);
  return (selector.kind === 'and' || selector.kind === 'or') && selector.of.some(hasGlobal);
}

/** A block, or an address alone; undefined when the text is neither, or has bits behind its prefix. */
export function readNet(text: string): Cidr | undefined {
  const net = readSetNet(text);
  const written = parseAddress(text.split('/', 1)[0] ?? '');
  return net !== undefined && written !== undefined && compareAddresses(net.network, written) === 0 ? net : undefined;
}

/** A block as network sets have them, where bits behind the prefix say nothing, or an address alone. */
export function readSetNet(text: string): Cidr | undefined {
  const address = parseAddress(text);
  return address === undefined ? parseCidr(text) : singleAddressCidr(address);
}

/** The families of all blocks of an end. */
export function familiesOf({ nets = [], notNets = [] }: CalicoEntity): ReadonlySet<Family> {
  return new Set([...nets, ...notNets].flatMap((text) => readNet(text) ?? []).map(cidrFamily));
}

function netErrors(text: string, field: string): FieldError[] {
  return readNet(text) === undefined ? [invalid(field, text, 'must be an address, or a CIDR without bits behind its prefix')] : [];
}

function notNetErrors(text: string, field: string): FieldError[] {
  const net = readNet(text);
  if (net === undefined) return netErrors(text, field);
  return net.prefixLength === 0
    ? [invalid(field, text, 'catch-all CIDR in negation creates logical contradiction (matches no traffic)')]
    : [];
}

function portErrors(ports: CalicoEntity['ports'], path: string): FieldError[] {
  return (ports ?? []).flatMap((port, i) =>
    readCalicoPort(port) === undefined
      ? [invalid(`${path}[${i}]`, port, 'must be a number from 1 to 65535, a range first:last, or the name of a port')]
      : [],
  );
}

/** What a service says already: who, at which ports. */
const besideServices = ['selector', 'notSelector', 'namespaceSelector', 'nets', 'notNets', 'serviceAccounts'] as const;

function serviceErrors(entity: CalicoEntity, { path, isGlobal, isRemote, isSource }: EntityPlace): FieldError[] {
  const { services } = entity;
  if (services === undefined) return [];
  const field = `${path}.services`;
  if (!isRemote) return [forbidden(field, 'services can only be the source of ingress rules and the destination of egress rules')];
  const excluded = [...besideServices, ...(isSource ? [] : (['ports', 'notPorts'] as const))].filter((name) => isSaid(entity[name]));
  return [
    ...(isSaid(services.name) ? [] : [required(`${field}.name`, 'must specify a service name')]),
    ...(isGlobal && !isSaid(services.namespace) ? [required(`${field}.namespace`, 'must specify a namespace')] : []),
    ...excluded.map((name) => forbidden(`${path}.${name}`, `cannot be combined with services`)),
  ];
}

function isSaid(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== '';
}
