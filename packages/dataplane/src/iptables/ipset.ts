/** Sets of the kernel as values: what they hold, the commands that make them so, and what `ipset save` prints. */
import type { Family } from '@weir/net';

/** How a set finds its members. */
type IpsetType = 'hash:ip' | 'hash:net' | 'hash:ip,port' | 'hash:net,iface' | 'hash:ip,port,ip';

/** A set and its members: the text of the member, and what is said of it (`nomatch`, a comment), mostly nothing. */
export interface Ipset {
  readonly name: string;
  readonly type: IpsetType;
  readonly family: Family;
  readonly members: Map<string, string>;
  /** Default: as many as the kernel takes. */
  readonly membersMax?: number | undefined;
}

/** The kernel takes no more. */
const membersMax = 16_777_216;

/** Commands that make the set with its members. */
export function createCommands(set: Ipset): string[] {
  const commented = set.name.includes('-l') ? ' comment' : '';
  const size = Math.max(1024, 2 ** Math.ceil(Math.log2(set.members.size + 1)));
  const { name, type, family } = set;
  return [
    `create ${name} ${type} family ${family === 4 ? 'inet' : 'inet6'} hashsize ${Math.min(size, 65_536)} maxelem ${set.membersMax ?? membersMax}${commented} -exist`,
    `flush ${name}`,
    ...[...set.members].map(([member, option]) => addCommand(name, member, option)),
  ];
}

/** Adds a member, or changes what is said of it. */
export function addCommand(set: string, member: string, option: string): string {
  return `add ${set} ${member}${option === '' ? '' : ` ${option}`} -exist`;
}

/** Takes a member away. */
export function deleteCommand(set: string, member: string): string {
  return `del ${set} ${member} -exist`;
}

/** What the kernel holds of one set. */
export interface SavedIpset {
  readonly name: string;
  readonly type: string;
  readonly members: Map<string, string>;
}

/** Reads the output of `ipset save`. */
export function parseSavedSets(text: string): Map<string, SavedIpset> {
  const sets = new Map<string, SavedIpset>();
  for (const line of text.split('\n')) {
    const [command, name = '', third = '', ...rest] = line.split(' ');
    if (command === 'create') sets.set(name, { name, type: third, members: new Map() });
    else if (command === 'add') sets.get(name)?.members.set(third, optionsOf(rest));
  }
  return sets;
}

/** A member's options but for times that run down and counters. */
function optionsOf(words: readonly string[]): string {
  const kept: string[] = [];
  for (let i = 0; i < words.length; i++) {
    if (words[i] === 'timeout') i++;
    else kept.push(words[i] ?? '');
  }
  return kept.join(' ');
}

/** How a set of the kernel differs from what it shall hold; nothing when it does not. */
export function memberDifference(wanted: Ipset, found: SavedIpset): { readonly missing: string[]; readonly surplus: string[] } {
  const missing = [...wanted.members].filter(([member, option]) => found.members.get(member) !== option).map(([member]) => member);
  const surplus = [...found.members.keys()].filter((member) => !wanted.members.has(member));
  return { missing, surplus };
}

/** Sets whose members come and go with connections. */
export function isRuntimeSet(name: string): boolean {
  return name.includes('-ended-');
}
