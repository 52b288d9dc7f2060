/** The answers that are held back, as members of the two sets of each family. */
import { addToGroup, type Flow } from '@weir/net';
import type { HeldBackAnswers } from '../connections/connection-review.ts';
import { endedMembers, flowOfMembers, heldBackSeconds } from './ended-connections.ts';
import { addCommand, deleteCommand } from './ipset.ts';
import { endedSetNames } from './names.ts';
import type { PacketFilter } from './packet-filter.ts';

const families = [4, 6] as const;

/** The answers that the kernel holds back. */
export function heldBackAnswers(filter: PacketFilter): HeldBackAnswers {
  return {
    releaseAllowed: (isDenied) => releaseAllowed(filter, isDenied),
    hold: (flows) => filter.changeSets(flows.flatMap(holdCommands)),
  };
}

function holdCommands(flow: Flow): string[] {
  const members = endedMembers(flow);
  if (members === undefined) return [];
  const { from, to } = endedSetNames(flow.source.family);
  const option = `timeout ${heldBackSeconds}`;
  return [addCommand(from, members.from, option), addCommand(to, members.to, option)];
}

/** A member stays while some connection that it belongs to is denied. */
async function releaseAllowed(filter: PacketFilter, isDenied: (flow: Flow) => boolean): Promise<number> {
  const saved = await filter.savedSets();
  let held = 0;
  const commands: string[] = [];
  for (const family of families) {
    const names = endedSetNames(family);
    const from = [...(saved.get(names.from)?.members.keys() ?? [])];
    const to = new Map<string, string[]>();
    for (const member of saved.get(names.to)?.members.keys() ?? []) addToGroup(to, pairOf(member, true), member);
    const kept = new Set<string>();
    for (const member of from) {
      for (const other of to.get(pairOf(member, false)) ?? []) {
        const flow = flowOfMembers(member, other);
        if (flow === undefined || !isDenied(flow)) continue;
        held++;
        kept.add(`${names.from} ${member}`).add(`${names.to} ${other}`);
      }
    }
    for (const member of from) if (!kept.has(`${names.from} ${member}`)) commands.push(deleteCommand(names.from, member));
    for (const member of [...to.values()].flat()) if (!kept.has(`${names.to} ${member}`)) commands.push(deleteCommand(names.to, member));
  }
  await filter.changeSets(commands);
  return held;
}

/** The two ends and the protocol, the answerer first. */
function pairOf(member: string, isOpenerFirst: boolean): string {
  const [first = '', port = '', last = ''] = member.split(',');
  const [protocol] = port.split(':');
  return isOpenerFirst ? `${last} ${first} ${protocol}` : `${first} ${last} ${protocol}`;
}
