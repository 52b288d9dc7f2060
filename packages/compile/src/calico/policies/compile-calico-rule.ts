/** One rule of Calico into what a rule of the model matches. The rule is valid. */

import type { Action, Match, Side } from '@weir/model';
import {
  type AddressRange,
  cidrRange,
  defined,
  type Family,
  type PortRange,
  protocolNumber,
  unionOfAddressRanges,
  unionOfPortRanges,
} from '@weir/net';
import type { CalicoAction, CalicoEntity, CalicoIcmp, CalicoPort, CalicoProtocol, CalicoRule } from '../objects/calico-policy.ts';
import { calicoProtocolNumber, readCalicoPort } from '../validation/calico-protocol.ts';
import { familiesOf, readNet } from '../validation/validate-entity.ts';
import { compileEntitySelectors } from './compile-calico-selector.ts';

/** What the actions are in the model. */
export const calicoActions: Readonly<Record<CalicoAction, Action>> = { Allow: 'allow', Deny: 'deny', Pass: 'pass', Log: 'log' };

/** What the rule matches; `namespace` is the policy's, absent for policies of the cluster. */
export function compileCalicoMatch(rule: CalicoRule, namespace: string | undefined): Match {
  const protocol = numberOf(rule.protocol);
  const notProtocol = numberOf(rule.notProtocol);
  const family = familyOf(rule, protocol);
  return {
    ...(protocol === undefined ? {} : { protocol }),
    ...(notProtocol === undefined ? {} : { notProtocol }),
    ...messages('icmp', rule.icmp),
    ...messages('notIcmp', rule.notICMP),
    ...(family === undefined ? {} : { family }),
    source: compileEntity(rule.source ?? {}, namespace),
    destination: compileEntity(rule.destination ?? {}, namespace),
  };
}

function numberOf(protocol: CalicoProtocol | undefined): number | undefined {
  return protocol === undefined ? undefined : defined(calicoProtocolNumber(protocol), `validation let the protocol ${protocol} through`);
}

/**
 * The family that a rule names, that its protocol has, or that its blocks are of: a rule that excludes blocks of one family
 * says nothing of the other. Blocks come before the protocol: ICMP of the other family is a packet that nobody sends.
 */
function familyOf({ ipVersion, source = {}, destination = {} }: CalicoRule, protocol: number | undefined): Family | undefined {
  if (ipVersion === 4 || ipVersion === 6) return ipVersion;
  const [ofBlocks] = [...familiesOf(source), ...familiesOf(destination)];
  if (ofBlocks !== undefined) return ofBlocks;
  if (protocol === protocolNumber.ICMP) return 4;
  return protocol === protocolNumber.ICMPv6 ? 6 : undefined;
}

/** A code alone is not valid, and without either there is nothing to ask. */
function messages(name: 'icmp' | 'notIcmp', icmp: CalicoIcmp | undefined): Pick<Match, 'icmp' | 'notIcmp'> {
  if (icmp?.type === undefined) return {};
  return { [name]: { type: icmp.type, ...(icmp.code === undefined ? {} : { code: icmp.code }) } };
}

function compileEntity(entity: CalicoEntity, namespace: string | undefined): Side {
  const { nets = [], notNets = [] } = entity;
  const ports = compilePorts(entity.ports);
  const notPorts = compilePorts(entity.notPorts);
  return {
    ...compileEntitySelectors(entity, namespace),
    ...compileServices(entity.services, namespace),
    ...(nets.length === 0 ? {} : { nets: rangesOf(nets) }),
    ...(notNets.length === 0 ? {} : { notNets: rangesOf(notNets) }),
    ...(ports.numbers.length === 0 ? {} : { ports: ports.numbers }),
    ...(ports.names.length === 0 ? {} : { namedPorts: ports.names }),
    ...(notPorts.numbers.length === 0 ? {} : { notPorts: notPorts.numbers }),
    ...(notPorts.names.length === 0 ? {} : { notNamedPorts: notPorts.names }),
  };
}

/** The endpoints of a service; one that names no namespace is in the policy's. */
function compileServices(services: CalicoEntity['services'], namespace: string | undefined): Pick<Side, 'groups'> {
  if (services === undefined) return {};
  return { groups: [`service/${services.namespace ?? namespace ?? ''}/${services.name ?? ''}`] };
}

function rangesOf(nets: readonly string[]): AddressRange[] {
  return unionOfAddressRanges(nets.map((text) => cidrRange(defined(readNet(text), `validation let the block ${text} through`))));
}

function compilePorts(ports: readonly CalicoPort[] = []): { readonly numbers: readonly PortRange[]; readonly names: readonly string[] } {
  const read = ports.map((port) => defined(readCalicoPort(port), `validation let the port ${port} through`));
  return {
    numbers: unionOfPortRanges(read.flatMap((port) => ('range' in port ? [port.range] : []))),
    names: [...new Set(read.flatMap((port) => ('name' in port ? [port.name] : [])))].sort(),
  };
}
