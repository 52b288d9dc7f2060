/**
 * What is pinned for one network namespace: a directory for each loaded object, named by its version.
 *
 * Maps, programs and links live in the kernel as long as their pins do, whichever process there is. A
 * process adopts what it finds of its own version, loads anew beside what is of another one, and takes
 * the others away when its own programs judge.
 */
import { existsSync, mkdirSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import {
  BpfMap,
  closeBpf,
  detachLink,
  ensureBpfFilesystem,
  isBpfFilesystem,
  loadBpfObject,
  netnsPinDirectory,
  openPinned,
  pinBpf,
  removeOwnBpfFilesystem,
} from '@weir/kernel';
import { type MapName, mapNames, type ObjectFile, programHooks } from './object-file.ts';
import { possibleProcessors } from './possible-processors.ts';

/** The names of all programs. */
const programNames = Object.keys(programHooks);
const pinAttemptsMax = 5;

/** Maps and programs of one object, open in this process. */
export interface PinnedObject {
  readonly directory: string;
  readonly maps: Readonly<Record<MapName, BpfMap>>;
  readonly programs: ReadonlyMap<string, number>;
}

/** Where the pins of a namespace are. */
export class PinnedObjects {
  readonly #root: string;
  readonly #directory: string;

  /** `root` is, or will be, a BPF file system; `netns` is the number of the namespace's file. */
  constructor(root: string, netns: number) {
    this.#root = root;
    this.#directory = netnsPinDirectory(root, netns);
  }

  /**
   * Opens what an earlier process of this version left; undefined when there is nothing whole, or too little room:
   * programs of the next process come into `policies` beside those in force.
   */
  adopt({ version }: ObjectFile): PinnedObject | undefined {
    for (const name of this.#names().filter((each) => each.startsWith(`${version}-`))) {
      const object = openWhole(join(this.#directory, name));
      if (object === undefined) continue;
      const { policies } = object.maps;
      if (2 * policies.count() <= policies.entriesMax) return object;
      closePinnedObject(object);
    }
    return undefined;
  }

  /** Loads the object and pins its maps and programs; nothing is attached. */
  load({ image, version }: ObjectFile, policyEntriesMax: number): PinnedObject {
    const { maps, programs } = loadBpfObject({
      image,
      programs: programNames,
      maps: mapNames,
      entriesMax: { policies: policyEntriesMax },
    });
    const directory = this.#pinAll(version, [...maps, ...[...programs].map(([name, fd]) => [`program_${name}`, fd] as const)]);
    return { directory, maps: openMaps(maps), programs };
  }

  /** Whether a map or a program is without its pin. */
  hasLostPin({ directory, programs }: PinnedObject): boolean {
    const names = [...mapNames, ...[...programs.keys()].map((name) => `program_${name}`)];
    return names.some((name) => !existsSync(join(directory, name)));
  }

  /** Pins again what has lost its pin; says what that was. */
  repairPins({ directory, maps, programs }: PinnedObject): string[] {
    const lost: string[] = [];
    ensureBpfFilesystem(this.#root);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const pins = [
      ...mapNames.map((name) => [name, maps[name].fd] as const),
      ...[...programs].map(([name, fd]) => [`program_${name}`, fd] as const),
    ];
    for (const [name, fd] of pins) {
      const pinned = openPinned(join(directory, name));
      if (pinned !== undefined) closeBpf(pinned);
      else {
        pinBpf(fd, join(directory, name));
        lost.push(`the pin of ${name} was not there`);
      }
    }
    return lost;
  }

  /** Maps of a name in all objects but one; whoever asks closes them. */
  othersMaps(name: MapName, own: PinnedObject | undefined): BpfMap[] {
    return this.#names().flatMap((each) => {
      const directory = join(this.#directory, each);
      if (directory === own?.directory) return [];
      const fd = openPinned(join(directory, name));
      return fd === undefined ? [] : [new BpfMap(name, fd)];
    });
  }

  /** Detaches and forgets all objects but one. */
  removeOthers(own: PinnedObject | undefined): void {
    for (const name of this.#names()) {
      const directory = join(this.#directory, name);
      if (directory === own?.directory) continue;
      for (const pin of readdirSync(directory)) {
        if (pin.startsWith('link_')) detachPinned(join(directory, pin));
        unlinkSync(join(directory, pin));
      }
      rmdirSync(directory);
    }
  }

  /** Takes everything of the namespace away. */
  removeAll(): void {
    this.removeOthers(undefined);
    if (!isBpfFilesystem(this.#root)) return;
    try {
      rmdirSync(this.#directory);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    removeOwnBpfFilesystem(this.#root);
  }

  #pinAll(version: string, pins: readonly (readonly [name: string, fd: number])[]): string {
    for (let attempt = 1; ; attempt++) {
      ensureBpfFilesystem(this.#root);
      try {
        const taken = this.#names().map((name) => Number(name.split('-')[1]));
        const directory = join(this.#directory, `${version}-${Math.max(0, ...taken) + 1}`);
        mkdirSync(directory, { recursive: true, mode: 0o700 });
        for (const [name, fd] of pins) pinBpf(fd, join(directory, name));
        return directory;
      } catch (error) {
        // The back end of another namespace may have taken the file system away when it was still empty.
        if (isBpfFilesystem(this.#root) || attempt === pinAttemptsMax) throw error;
      }
    }
  }

  #names(): string[] {
    if (!isBpfFilesystem(this.#root)) return [];
    try {
      return readdirSync(this.#directory);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }
}

/** Lets go of maps and programs; their pins stay. */
export function closePinnedObject({ maps, programs }: PinnedObject): void {
  for (const map of Object.values(maps)) map.close();
  for (const fd of programs.values()) closeBpf(fd);
}

function openWhole(directory: string): PinnedObject | undefined {
  const opened: number[] = [];
  const open = (names: readonly string[], prefix: string): Map<string, number> => {
    const found = new Map<string, number>();
    for (const name of names) {
      const fd = openPinned(join(directory, `${prefix}${name}`));
      if (fd === undefined) continue;
      found.set(name, fd);
      opened.push(fd);
    }
    return found;
  };
  const maps = open(mapNames, '');
  const programs = open(programNames, 'program_');
  if (opened.length === mapNames.length + programNames.length) return { directory, maps: openMaps(maps), programs };
  for (const fd of opened) closeBpf(fd);
  return undefined;
}

function openMaps(fds: ReadonlyMap<string, number>): Record<MapName, BpfMap> {
  const open = ([name, fd]: [string, number]): [string, BpfMap] => [
    name,
    new BpfMap(name, fd, name === 'counts' ? possibleProcessors() : undefined),
  ];
  return Object.fromEntries([...fds].map(open)) as Record<MapName, BpfMap>;
}

function detachPinned(path: string): void {
  const fd = openPinned(path);
  if (fd === undefined) return;
  detachLink(fd);
  closeBpf(fd);
}
