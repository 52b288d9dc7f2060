/**
 * The capabilities of this process (capabilities(7)).
 *
 * The kernel keeps them for each thread, and a Node process has many: what is given up here holds for
 * the calling thread and for what it becomes by `execve`, which ends all other threads. So giving up
 * is followed by `replaceProcess`.
 */
import { readFileSync } from 'node:fs';
import { capset, checked, prctl, SystemCallError } from '../libc/libc.ts';

/** Capabilities that Weir names, by their numbers in linux/capability.h. */
export const capabilityNumbers = { CAP_SETPCAP: 8, CAP_NET_ADMIN: 12, CAP_NET_RAW: 13, CAP_PERFMON: 38, CAP_BPF: 39 } as const;

/** The name of a capability. */
export type CapabilityName = keyof typeof capabilityNumbers;

/** Sets of capabilities, one bit each. */
export interface CapabilitySets {
  readonly effective: bigint;
  readonly permitted: bigint;
  readonly inheritable: bigint;
  readonly bounding: bigint;
  readonly ambient: bigint;
  /** Whether no program that this one becomes can get more (PR_SET_NO_NEW_PRIVS). */
  readonly noNewPrivileges: boolean;
}

const pr = { capbsetDrop: 24, setNoNewPrivs: 38, capAmbient: 47 } as const;
const ambientClearAll = 4;
/** _LINUX_CAPABILITY_VERSION_3, with two words for each set. */
const version3 = 0x2008_0522;
/** Numbers that a kernel does not know give EINVAL; there are 41 so far. */
const numbersTried = 64;

/** The set that holds exactly these. */
export function capabilitySet(names: readonly CapabilityName[]): bigint {
  return names.reduce((set, name) => set | (1n << BigInt(capabilityNumbers[name])), 0n);
}

/** The sets of the main thread, as the kernel tells them. */
export function readCapabilities(): CapabilitySets {
  const status = readFileSync('/proc/self/status', 'utf8');
  const field = (name: string): string => new RegExp(`^${name}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0';
  const set = (name: string): bigint => BigInt(`0x${field(name)}`);
  return {
    effective: set('CapEff'),
    permitted: set('CapPrm'),
    inheritable: set('CapInh'),
    bounding: set('CapBnd'),
    ambient: set('CapAmb'),
    noNewPrivileges: field('NoNewPrivs') === '1',
  };
}

/**
 * Gives up everything but `kept`, for what this thread becomes by `execve`: no set holds more, and no
 * program can give it back. Capabilities that are kept over a change of program by the ambient set
 * (users other than root) stay in it; root has none there. Throws a SystemCallError.
 */
export function giveUpCapabilities(kept: bigint): void {
  const now = readCapabilities();
  // Needs CAP_SETPCAP, so before the permitted set; without it no_new_privs alone has the same effect.
  if ((now.effective & capabilitySet(['CAP_SETPCAP'])) !== 0n) limitBoundingSet(kept);
  if (process.getuid?.() === 0) checked(prctl(pr.capAmbient, ambientClearAll, 0, 0, 0), 'prctl', 'PR_CAP_AMBIENT_CLEAR_ALL');
  checked(prctl(pr.setNoNewPrivs, 1, 0, 0, 0), 'prctl', 'PR_SET_NO_NEW_PRIVS');
  const header = Buffer.alloc(8);
  header.writeUInt32LE(version3, 0);
  const data = Buffer.alloc(24);
  const sets = [now.effective & kept, now.permitted & kept, now.ambient & kept];
  for (const [member, set] of sets.entries()) {
    data.writeUInt32LE(Number(set & 0xffff_ffffn), member * 4);
    data.writeUInt32LE(Number(set >> 32n), 12 + member * 4);
  }
  checked(capset(header, data), 'capset', 'of this thread');
}

function limitBoundingSet(kept: bigint): void {
  for (let number = 0; number < numbersTried; number++) {
    if (((kept >> BigInt(number)) & 1n) === 1n) continue;
    try {
      checked(prctl(pr.capbsetDrop, number, 0, 0, 0), 'prctl', `PR_CAPBSET_DROP ${number}`);
    } catch (error) {
      if (error instanceof SystemCallError && error.code === 'EINVAL') return;
      throw error;
    }
  }
}
