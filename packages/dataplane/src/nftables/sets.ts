/**
 * The sets and maps of the table: their names, keys and values.
 *
 * A map's value is eight bytes: zero, then the number. nft 1.0.6 (Debian 12) aborts on listing any
 * ruleset in which a looked-up value is part of another lookup's key, because it gives such a value
 * the length zero. It only knows of the first register that a value lands in, so the number goes
 * to the second one, where nft still sees what was loaded there before.
 */
import { nftDataType, type SetDefinition, type SetField, type TableName } from '@weir/kernel';
import type { Family } from '@weir/net';
import { failsafeSets, hostSetDefinitions } from './host-sets.ts';

/** The table that belongs to Weir; all in it is Weir's, nothing outside of it is. */
export const weirTable: TableName = { family: 'inet', name: 'weir' };

/** Stands beside it while it is made anew (see `replacement.ts`). */
export const guardTable: TableName = { family: 'inet', name: 'weir_next' };

/** The names of one family's sets. */
export interface FamilySets {
  /** Addresses of acknowledged endpoints. */
  readonly local: string;
  /** (interface . address) of endpoints whose interface is known. */
  readonly link: string;
  /** Acknowledged addresses whose interface is not known. */
  readonly unlinked: string;
  /** (source . destination) of one endpoint. */
  readonly self: string;
  /** Address of an endpoint that is isolated in the direction → program. */
  readonly egress: string;
  readonly ingress: string;
  /** Address of a known pod → class. */
  readonly class: string;
  /** Every other address, in ranges → class. */
  readonly block: string;
}

const namesByFamily: Readonly<Record<Family, FamilySets>> = { 4: setNames(4), 6: setNames(6) };

/** The names of the family's sets. */
export function familySets(family: Family): FamilySets {
  return namesByFamily[family];
}

/** The sets that both families share. */
export const sharedSets = {
  /** (program . class . protocol . port) → rule: port 0 any port, protocol 0 any protocol, class 0 any peer. */
  allow: 'allow',
  /** The same for ranges of ports. */
  allowRange: 'allow_range',
  /** (program . class . protocol . message) → rule for messages of ICMP, in ranges: type × 256 + code. */
  allowMessage: 'allow_message',
  /** (program . class . protocol . port . source port) → rule, in ranges. */
  allowSource: 'allow_source',
  /** Programs that have some of those. */
  askingSource: 'asking_source',
  /** (program . class . protocol . port) of packets that are reported, as in `allow`; empty for most states. */
  logged: 'logged',
  /** The same for ranges of ports. */
  loggedRange: 'logged_range',
  loggedMessage: 'logged_message',
  loggedSource: 'logged_source',
  /** Programs that have some of those. */
  logging: 'logging',
  /** Every rule, to count what it lets through; 0 stands for all that no rule but a default allows. */
  rules: 'rules',
  /** Every program, to count what it denies. */
  denied: 'denied',
} as const;

/** The sets whose elements count. */
export const countedSets: readonly string[] = [sharedSets.rules, sharedSets.denied];

/** Ranges of several fields: the kernel publishes their new elements some time after the other sets have changed over. */
export const lateSets: readonly string[] = [sharedSets.allowRange, sharedSets.allowMessage, sharedSets.allowSource, ...failsafeSets];

const mark: SetField = { dataType: nftDataType.mark, length: 4 };
const numbered: readonly SetField[] = [mark, mark];
const service: SetField = { dataType: nftDataType.service, length: 2 };
const tuple: readonly SetField[] = [mark, mark, { dataType: nftDataType.protocol, length: 1 }, service];
const tupleFrom: readonly SetField[] = [...tuple, service];

/** Every set of the table. Numbers of programs, classes and rules print as marks. */
export const setDefinitions: readonly SetDefinition[] = [
  ...([4, 6] as const).flatMap(definitionsOfFamily),
  { name: sharedSets.allow, key: tuple, data: numbered },
  { name: sharedSets.allowRange, key: tuple, data: numbered, interval: true },
  { name: sharedSets.allowMessage, key: tuple, data: numbered, interval: true },
  { name: sharedSets.allowSource, key: tupleFrom, data: numbered, interval: true },
  { name: sharedSets.askingSource, key: [mark] },
  { name: sharedSets.logged, key: tuple },
  { name: sharedSets.loggedRange, key: tuple, interval: true },
  { name: sharedSets.loggedMessage, key: tuple, interval: true },
  { name: sharedSets.loggedSource, key: tupleFrom, interval: true },
  { name: sharedSets.logging, key: [mark] },
  { name: sharedSets.rules, key: [mark], counter: true },
  { name: sharedSets.denied, key: [mark], counter: true },
  ...hostSetDefinitions,
];

function setNames(family: Family): FamilySets {
  return {
    local: `local${family}`,
    link: `link${family}`,
    unlinked: `unlinked${family}`,
    self: `self${family}`,
    egress: `egress_program${family}`,
    ingress: `ingress_program${family}`,
    class: `class${family}`,
    block: `block${family}`,
  };
}

function definitionsOfFamily(family: Family): SetDefinition[] {
  const names = familySets(family);
  const address: SetField = family === 4 ? { dataType: nftDataType.ipv4, length: 4 } : { dataType: nftDataType.ipv6, length: 16 };
  return [
    { name: names.local, key: [address] },
    { name: names.link, key: [{ dataType: nftDataType.interfaceName, length: 16 }, address] },
    { name: names.unlinked, key: [address] },
    { name: names.self, key: [address, address] },
    { name: names.egress, key: [address], data: numbered },
    { name: names.ingress, key: [address], data: numbered },
    { name: names.class, key: [address], data: numbered },
    { name: names.block, key: [address], data: numbered, interval: true },
  ];
}
