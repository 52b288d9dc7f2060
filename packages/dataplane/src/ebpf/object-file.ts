/** The object file of this version: its bytes, its name in the kernel, and what is in it. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import type { NetfilterHook } from '@weir/kernel';

/** Maps by their names in the file. */
export const mapNames = [
  'local4',
  'local6',
  'pods4',
  'pods6',
  'blocks4',
  'blocks6',
  'policies',
  'control',
  'options',
  'counts',
  'ended',
  'events',
  'event_rates',
] as const;

/** One of the maps. */
export type MapName = (typeof mapNames)[number];

/** Programs by their names in the file, and the hooks that they belong to; `output` only for mode `cut`. */
export const programHooks: Readonly<Record<string, Pick<NetfilterHook, 'family' | 'hook'>>> = {
  forward4: { family: 4, hook: 'forward' },
  forward6: { family: 6, hook: 'forward' },
  input4: { family: 4, hook: 'input' },
  input6: { family: 6, hook: 'input' },
  output4: { family: 4, hook: 'output' },
  output6: { family: 6, hook: 'output' },
};

/** An object file. */
export interface ObjectFile {
  readonly image: Uint8Array;
  /** Names the version: of other bytes it is another. */
  readonly version: string;
}

const kernelMin = { major: 6, minor: 4 };
const versionLength = 16;

/** Reads the committed file. */
export function readObjectFile(file: string | URL = new URL('../../bpf/weir.bpf.o', import.meta.url)): ObjectFile {
  const image = readFileSync(file);
  return { image, version: createHash('sha256').update(image).digest('hex').slice(0, versionLength) };
}

/** Why this machine cannot have the back end; undefined when it can. */
export function unsupportedReason(kernel: string = release(), architecture: string = process.arch): string | undefined {
  const [major = 0, minor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10));
  if (major < kernelMin.major || (major === kernelMin.major && minor < kernelMin.minor)) {
    return `the eBPF data plane needs Linux ${kernelMin.major}.${kernelMin.minor} or newer (programs at netfilter hooks), and this is ${kernel}: use --dataplane nftables`;
  }
  // Elsewhere reads can be reordered, and the programs do without barriers.
  if (architecture !== 'x64') return `the eBPF data plane runs on x86-64 only, and this is ${architecture}: use --dataplane nftables`;
  return undefined;
}
