/** Random rules of Calico with everything that is enforced. */
import { readAddress } from '../oracle/address-number.ts';
import type { CalicoRuleSection, EntitySection } from '../oracle/calico/calico-objects.ts';
import { generateBlock } from './generate-blocks.ts';
import { type CalicoPools, endpointPool, generateSelectorText } from './generate-calico-selectors.ts';
import { podLabelPool, portNamePool, portNumberPool, portRangePool } from './pools.ts';
import type { Random } from './random.ts';

/** What rules are drawn from. */
export interface CalicoSite {
  readonly random: Random;
  readonly pools: CalicoPools;
  readonly addresses: readonly string[];
}

/** The messages that flows have, as type and code. */
export const icmpMessages = [
  { type: 8, code: 0 },
  { type: 3, code: 1 },
  { type: 3, code: 4 },
  { type: 128, code: 0 },
] as const;

/** The ports that flows come from. */
export const sourcePorts = [80, 40_000] as const;

/** A rule of a direction. */
export function generateCalicoRule(site: CalicoSite, direction: 'ingress' | 'egress'): CalicoRuleSection {
  const { random } = site;
  const family = random.pick([4, 6] as const);
  const traffic = generateTraffic(random);
  const hasPorts = ['TCP', 'UDP', 'SCTP', 'tcp', 17].includes(traffic.protocol ?? '');
  const isIngress = direction === 'ingress';
  const remote = { ...labelsOf(site, 0.6), ...netsOf(site, family) };
  const own = { ...labelsOf(site, 0.15), ...(random.chance(0.25) ? netsOf(site, family) : {}) };
  const sourcePart = hasPorts && random.chance(0.15) ? portsOf(random) : {};
  const destinationPart = hasPorts && random.chance(0.6) ? portsOf(random) : {};
  const named = traffic.protocol === undefined && random.chance(0.15) ? { ports: [random.pick(portNamePool)] } : {};
  const source: EntitySection = { ...(isIngress ? remote : own), ...sourcePart };
  const destination: EntitySection = { ...(isIngress ? own : remote), ...destinationPart, ...named };
  return {
    action: random.pick(['Allow', 'Allow', 'Allow', 'Deny', 'Deny', 'Pass', 'Log'] as const),
    ...(mayName(traffic, family) && random.chance(0.2) ? { ipVersion: family } : {}),
    ...traffic,
    ...(Object.keys(source).length === 0 ? {} : { source }),
    ...(Object.keys(destination).length === 0 ? {} : { destination }),
  };
}

type Traffic = Pick<CalicoRuleSection, 'protocol' | 'notProtocol' | 'icmp' | 'notICMP'>;

function generateTraffic(random: Random): Traffic {
  const kind = random.pick(['all', 'all', 'all', 'transport', 'transport', 'transport', 'transport', 'not', 'icmp'] as const);
  if (kind === 'transport') return { protocol: random.pick(['TCP', 'UDP', 'SCTP', 'tcp', 17]) };
  if (kind === 'not') return { notProtocol: random.pick(['TCP', 'UDP', 132, 'ICMP', 'ICMPv6', 'UDPLite']) };
  if (kind === 'all') return {};
  const { type, code } = random.pick(icmpMessages);
  const message = random.chance(0.5) ? { type } : { type, code };
  const protocol = random.pick(['ICMP', 'ICMPv6', 1, 58]);
  return { protocol, ...random.pick([{}, { icmp: message }, { notICMP: message }]) };
}

/** ICMP is of IPv4, ICMPv6 of IPv6. */
function mayName({ protocol, notProtocol }: Traffic, family: 4 | 6): boolean {
  const other: readonly unknown[] = family === 4 ? ['ICMPv6', 58] : ['ICMP', 1];
  return !other.includes(protocol) && !other.includes(notProtocol);
}

/** What one end is asked for by labels. */
function labelsOf({ random, pools }: CalicoSite, chance: number): EntitySection {
  if (!random.chance(chance)) return {};
  const pool = endpointPool(podLabelPool, pools);
  const selector = random.chance(0.6) ? { selector: generateSelectorText(random, pool) } : {};
  const notSelector = random.chance(0.2) ? { notSelector: generateSelectorText(random, pool) } : {};
  const namespaceSelector = random.chance(0.4) ? { namespaceSelector: namespacesOf(random, pools) } : {};
  const accounts = random.chance(0.15) ? { serviceAccounts: accountsOf(random, pools) } : {};
  return { ...selector, ...notSelector, ...namespaceSelector, ...accounts };
}

function namespacesOf(random: Random, pools: CalicoPools): string {
  if (random.chance(0.12)) return 'global()';
  return generateSelectorText(random, { ...pools.namespaceLabels, 'projectcalico.org/name': pools.namespaces });
}

function accountsOf(random: Random, pools: CalicoPools): NonNullable<EntitySection['serviceAccounts']> {
  const names = { names: random.sample(pools.accounts, random.integer(1, 2)) };
  const selector = { selector: random.pick(["grade == 'high'", "grade != 'high'", 'has(grade)', "grade in {'low'}"]) };
  return random.pick([names, selector, { ...names, ...selector }]);
}

/** Blocks of one family, as a rule must have them. */
function netsOf({ random, addresses }: CalicoSite, family: 4 | 6): EntitySection {
  const ofFamily = addresses.filter((text) => readAddress(text).family === family);
  const block = (): string => random.pick([maskedBlock(random, ofFamily), random.pick(ofFamily)]);
  const nets = random.chance(0.2) ? { nets: [...new Set(random.times(random.integer(1, 2), block))] } : {};
  const notNets = random.chance(0.15) ? { notNets: [block()].filter((text) => !text.endsWith('/0')) } : {};
  return { ...nets, ...notNets };
}

/** "Nets not strictly masked are rejected." */
function maskedBlock(random: Random, addresses: readonly string[]): string {
  for (;;) {
    const { cidr } = generateBlock(random, addresses);
    const [base = '', length = ''] = cidr.split('/');
    const { family, value } = readAddress(base);
    const hostBits = BigInt((family === 4 ? 32 : 128) - Number(length));
    if ((value >> hostBits) << hostBits === value && !addresses.includes(base)) return cidr;
  }
}

function portsOf(random: Random): EntitySection {
  const port = (): number | string => {
    const [first, last] = random.pick(portRangePool);
    if (random.chance(0.35)) return random.pick(portNamePool);
    return random.pick([random.pick(portNumberPool), `${first}:${last}`]);
  };
  const list = (): (number | string)[] => [...new Set(random.times(random.integer(1, 2), port))];
  const kind = random.pick(['ports', 'ports', 'ports', 'notPorts', 'both'] as const);
  if (kind === 'ports') return { ports: list() };
  return kind === 'notPorts' ? { notPorts: list() } : { ports: list(), notPorts: list() };
}
