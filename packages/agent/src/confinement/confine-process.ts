/**
 * Gives the agent's process the rights and the memory it needs, and no more.
 *
 * Capabilities belong to threads, and Node has started several before the first line of ours runs. So
 * the process gives them up and becomes the same program once more: what runs then never had them.
 * Pid, standard streams and environment stay.
 */
import {
  bpfPinDirectory,
  type CapabilityName,
  type CapabilitySets,
  capabilitySet,
  ensureBpfFilesystem,
  giveUpCapabilities,
  readCapabilities,
  replaceProcess,
} from '@weir/kernel';
import { chooseDataplane, type DataplaneName } from '@weir/model';
import type { AgentSettings } from '../settings/agent-settings.ts';
import { hostSystem } from '../settings/host-system.ts';

/** Everything that the agent needs: nf_tables and conntrack of its network namespace. */
export const neededCapabilities: readonly CapabilityName[] = ['CAP_NET_ADMIN'];

/** The programs iptables and ipset ask the kernel through raw sockets. They get no more than the agent has. */
const iptablesCapabilities: readonly CapabilityName[] = [...neededCapabilities, 'CAP_NET_RAW'];

/** Loading eBPF programs and maps, and programs that read the kernel's packets. */
const ebpfCapabilities: readonly CapabilityName[] = [...neededCapabilities, 'CAP_PERFMON', 'CAP_BPF'];

/** What the agent needs with a data plane. */
export function capabilitiesFor(dataplane: DataplaneName | undefined): readonly CapabilityName[] {
  if (dataplane === 'iptables') return iptablesCapabilities;
  return dataplane === 'ebpf' ? ebpfCapabilities : neededCapabilities;
}

/** The process cannot have what it needs, or cannot give up the rights that it does not need. */
class ConfinementError extends Error {
  override readonly name = 'ConfinementError';
}

/** Tells the second start from the first. */
const confinedVariable = 'WEIR_CONFINED';

/** Returns in a process that has the needed rights and, unless told otherwise, no others; throws a {@link ConfinementError}. */
export async function confineProcess({
  profile,
  dataplane,
  dropCapabilities,
  memoryLimitMb,
}: Pick<AgentSettings, 'profile' | 'dataplane' | 'dropCapabilities' | 'memoryLimitMb'>): Promise<void> {
  const isSecond = process.env[confinedVariable] !== undefined;
  delete process.env[confinedVariable];
  const chosen = chooseDataplane({ engine: profile, system: hostSystem(), dataplane });
  const name = 'name' in chosen ? chosen.name : undefined;
  const names = capabilitiesFor(name);
  const needed = capabilitySet(names);
  const now = readCapabilities();
  if ((now.effective & needed) !== needed) {
    throw new ConfinementError(
      `it needs the ${names.length === 1 ? 'capability' : 'capabilities'} ${names.join(', ')}, and this process does not have ${names.length === 1 ? 'it' : 'them'}: run it as root, or grant it`,
    );
  }
  if (name === 'ebpf' && !isSecond) await preparePins();
  const hasMore = dropCapabilities && !isConfined(now, needed);
  const flags = nodeFlags(memoryLimitMb).filter((flag) => !process.execArgv.includes(flag));
  if (!hasMore && flags.length === 0) return;
  if (isSecond) throw new ConfinementError('capabilities that it does not need could not be given up: see /proc/self/status');
  if (hasMore) giveUpCapabilities(needed);
  const args = [...process.execArgv, ...flags, ...process.argv.slice(1)];
  replaceProcess(process.execPath, args, { ...process.env, [confinedVariable]: '1' });
}

/** Mounts a BPF file system where there is none: the process that is to come may not any more. Not on a machine that cannot use it. */
async function preparePins(): Promise<void> {
  const { ebpfUnsupportedReason } = await import('@weir/dataplane');
  const reason = ebpfUnsupportedReason();
  if (reason !== undefined) throw new ConfinementError(reason);
  ensureBpfFilesystem(bpfPinDirectory());
}

/**
 * The heap alone may become as large as everything together: resident memory, which is more, reaches
 * the limit before, and the agent ends in order instead of being aborted. Garbage is collected by
 * command before memory counts as short.
 */
function nodeFlags(memoryLimitMb: number | undefined): readonly string[] {
  return memoryLimitMb === undefined ? [] : [`--max-old-space-size=${memoryLimitMb}`, '--expose-gc'];
}

/** Whether no set holds more than is needed. The bounding set does not matter to who can gain nothing. */
function isConfined({ effective, permitted, inheritable, ambient, noNewPrivileges }: CapabilitySets, needed: bigint): boolean {
  return noNewPrivileges && ((effective | permitted | inheritable | ambient) & ~needed) === 0n;
}
