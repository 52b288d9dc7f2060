/**
 * Links of programs to netfilter hooks of the calling thread's network namespace.
 *
 * libbpf 1.1 cannot make them, so this is the bare call. A link that is pinned stays in force without any process.
 */
import { constants } from 'node:os';
import koffi from 'koffi';
import { checked, close, SystemCallError } from '../libc/libc.ts';
import { checkedBpf, libbpf } from './libbpf.ts';

const sysBpf = 321;
const linkCreate = 28;
const netfilterAttachType = 45;
/** BPF_F_NETFILTER_IP_DEFRAG: packets come whole. */
const defragment = 1;
const families = { 4: 2, 6: 10 } as const;
const hooks = { input: 1, forward: 2, output: 3 } as const;
const attributeBytes = 32;
/** type, id, program, padding; family, hook, priority, flags. */
const linkInfoBytes = 32;

const syscall = koffi.load('libc.so.6').func('long syscall(long, int, uint8_t *, uint32_t)') as (
  number: number,
  command: number,
  ...rest: [attributes: Uint8Array, size: number]
) => number;

/** Where a program is attached. */
export interface NetfilterHook {
  readonly family: 4 | 6;
  readonly hook: keyof typeof hooks;
  /** Lower ones come first; one program at each. */
  readonly priority: number;
}

/** The new link's descriptor, or undefined when a program is attached at exactly this place already. */
export function attachToNetfilter(program: number, { family, hook, priority }: NetfilterHook): number | undefined {
  const attributes = Buffer.alloc(attributeBytes);
  for (const [i, value] of [program, 0, netfilterAttachType, 0, families[family], hooks[hook]].entries()) {
    attributes.writeUInt32LE(value, 4 * i);
  }
  attributes.writeInt32LE(priority, 24);
  attributes.writeUInt32LE(defragment, 28);
  try {
    return checked(syscall(sysBpf, linkCreate, attributes, attributeBytes), 'bpf', `link to hook ${hook} of IPv${family}`);
  } catch (error) {
    if (error instanceof SystemCallError && error.errno === constants.errno.EBUSY) return undefined;
    throw error;
  }
}

/** Takes the program off its hook, whoever holds the link. */
export function detachLink(link: number): void {
  const result = libbpf().detachLink(link);
  // It was detached before.
  if (result !== -constants.errno.EINVAL && result !== -constants.errno.ENOENT) checkedBpf(result, 'bpf', 'detaching of a link');
}

/** Lets go of a link, program or map: what is neither pinned nor held otherwise ends. */
export function closeBpf(fd: number): void {
  close(fd);
}

/** The priority at which a link was made. */
export function linkPriority(link: number): number {
  const info = Buffer.alloc(linkInfoBytes);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(linkInfoBytes);
  checkedBpf(libbpf().info(link, info, length), 'bpf', 'what a link is');
  return info.readInt32LE(24);
}
