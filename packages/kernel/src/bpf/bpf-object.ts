/** Loading an object file: its maps and programs, as descriptors of this process. */
import koffi from 'koffi';
import { checked, close, fcntl } from '../libc/libc.ts';
import { checkedBpf, libbpf, type Pointer } from './libbpf.ts';

/** BPF_PROG_TYPE_NETFILTER and BPF_NETFILTER (linux/bpf.h, since 6.4). */
const netfilterProgramType = 32;
const netfilterAttachType = 45;
const logBytes = 1024 * 1024;
/** What is shown of the verifier's log: its end says what it did not like. */
const logShownBytes = 4_000;
const duplicateCloexec = 1030;

/** What to load. */
export interface BpfObjectSource {
  /** The object file's bytes. */
  readonly image: Uint8Array;
  readonly programs: readonly string[];
  readonly maps: readonly string[];
  /** How many elements maps may have, where not as many as the file says. */
  readonly entriesMax?: Readonly<Record<string, number>>;
}

/** Descriptors by name; whoever loads closes them. */
export interface BpfObject {
  readonly programs: ReadonlyMap<string, number>;
  readonly maps: ReadonlyMap<string, number>;
}

/** The kernel does not take a program; the message ends with what its verifier wrote last. */
export class BpfLoadError extends Error {
  override readonly name = 'BpfLoadError';
}

/** Loads programs of the netfilter hooks; nothing is attached yet. Throws a {@link BpfLoadError}. */
export function loadBpfObject(source: BpfObjectSource): BpfObject {
  const library = libbpf();
  const object = library.openMem(source.image, source.image.length, null);
  if (object === null) throw new BpfLoadError('the object file cannot be read');
  const log = koffi.alloc('char', logBytes) as Pointer;
  try {
    for (const [name, entries] of Object.entries(source.entriesMax ?? {})) {
      checkedBpf(library.setMaxEntries(found(library.findMap(object, name), name), entries), 'bpf_map__set_max_entries', name);
    }
    const programs = source.programs.map((name) => [name, found(library.findProgram(object, name), name)] as const);
    for (const [name, program] of programs) {
      library.setType(program, netfilterProgramType);
      library.setAttachType(program, netfilterAttachType);
      checkedBpf(library.setLogBuffer(program, log, logBytes), 'bpf_program__set_log_buf', name);
    }
    const result = library.load(object);
    if (result < 0) throw refusal(result, readLog(log));
    return {
      programs: new Map(programs.map(([name, program]) => [name, duplicate(library.programFd(program), name)])),
      maps: new Map(source.maps.map((name) => [name, duplicate(library.mapFd(found(library.findMap(object, name), name)), name)])),
    };
  } finally {
    library.closeObject(object);
    koffi.free(log);
  }
}

/** Closes what a load opened. */
export function closeBpfObject({ programs, maps }: BpfObject): void {
  for (const fd of [...programs.values(), ...maps.values()]) close(fd);
}

function found(pointer: Pointer | null, name: string): Pointer {
  if (pointer === null) throw new BpfLoadError(`the object file has no ${name}`);
  return pointer;
}

function duplicate(fd: number, name: string): number {
  return checked(fcntl(fd, duplicateCloexec, 0), 'fcntl', name);
}

function readLog(log: Pointer): string {
  const bytes = Buffer.from(koffi.view(log, logBytes));
  const end = bytes.indexOf(0);
  return bytes.subarray(Math.max(0, end - logShownBytes), Math.max(0, end)).toString('utf8');
}

function refusal(result: number, log: string): BpfLoadError {
  const reason = `the kernel does not take the programs (errno ${-result})`;
  return new BpfLoadError(
    log === ''
      ? `${reason}: it needs Linux 6.4 or newer with BTF, and the capabilities CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN`
      : `${reason}; the verifier says:\n${log}`,
  );
}
