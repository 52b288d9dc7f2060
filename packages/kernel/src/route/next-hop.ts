/**
 * Next hops as objects of their own, and groups of them that keep flows (numbers of linux/nexthop.h).
 *
 * A group of the kind *resilient* hashes flows into buckets. A bucket changes its hop when the hop goes, or when it has
 * been idle; so what flows stays where it is while hops come and others go.
 */
import { type Address, addressToBytes } from '@weir/net';
import { hostU32Bytes, type MessageWriter } from '../netlink/message-writer.ts';
import { kernelFamily, nextHopOnLink, replacing, request } from './route-request.ts';

/** Message types. */
const nextHopMessage = { set: 104, delete: 105 } as const;
const attribute = { id: 1, group: 2, groupType: 3, device: 5, gateway: 6, resilience: 12 } as const;
const resilience = { buckets: 1, idleTimer: 2 } as const;
const groupTypeResilient = 1;
/** The kernel wants to be told here that attributes are inside. */
const nested = 0x80_00;
/** More buckets spread flows more evenly over hops. */
const buckets = 128;
/** The kernel counts idle time in hundredths of a second. */
const ticksPerSecond = 100;

/** Writes the request that makes or changes a hop. */
export function writeNextHop(
  writer: MessageWriter,
  { id, via }: { readonly id: number; readonly via: Address },
  { sequence, deviceNumber }: { readonly sequence: number; readonly deviceNumber: number },
): void {
  const fixed = nextHopHeader(kernelFamily[via.family], nextHopOnLink);
  request(writer, { type: nextHopMessage.set, flags: replacing, sequence }, fixed, () => {
    writer.raw(attribute.id, hostU32Bytes(id));
    writer.raw(attribute.device, hostU32Bytes(deviceNumber));
    writer.raw(attribute.gateway, addressToBytes(via));
  });
}

/** Writes the request that makes or changes a group; it must have a member. */
export function writeFlowGroup(
  writer: MessageWriter,
  { id, members, idleSeconds }: { readonly id: number; readonly members: readonly number[]; readonly idleSeconds: number },
  sequence: number,
): void {
  request(writer, { type: nextHopMessage.set, flags: replacing, sequence }, nextHopHeader(0, 0), () => {
    writer.raw(attribute.id, hostU32Bytes(id));
    // struct nexthop_grp: the member, and its weight less one.
    writer.raw(attribute.group, Buffer.concat(members.map((member) => Buffer.concat([hostU32Bytes(member), Buffer.alloc(4)]))));
    writer.raw(attribute.groupType, hostU16Bytes(groupTypeResilient));
    const nest = writer.beginNest(attribute.resilience | nested);
    writer.raw(resilience.buckets, hostU16Bytes(buckets));
    writer.raw(resilience.idleTimer, hostU32Bytes(idleSeconds * ticksPerSecond));
    writer.endNest(nest);
  });
}

/** Writes the request that removes a hop or a group; routes that use it go with it. */
export function writeNextHopRemoval(writer: MessageWriter, id: number, sequence: number): void {
  request(writer, { type: nextHopMessage.delete, flags: 0, sequence }, nextHopHeader(0, 0), () => {
    writer.raw(attribute.id, hostU32Bytes(id));
  });
}

/** struct nhmsg. */
function nextHopHeader(family: number, flags: number): Uint8Array {
  const fixed = Buffer.alloc(8);
  fixed[0] = family;
  fixed.set(hostU32Bytes(flags), 4);
  return fixed;
}

function hostU16Bytes(value: number): Uint8Array {
  return hostU32Bytes(value).subarray(0, 2);
}
