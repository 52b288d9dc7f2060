/**
 * The links of the programs to their hooks, and their pins.
 *
 * Whether a link is still attached the kernel does not say. But it takes one program at a hook and a
 * priority: an attempt that it refuses shows that the place is taken.
 */
import { existsSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { attachToNetfilter, closeBpf, detachLink, linkPriority, openPinned, pinBpf } from '@weir/kernel';
import { programHooks } from './object-file.ts';
import type { OwnNetns } from './own-netns.ts';

/**
 * Before `filter` (0), so that an administrator's own rules come after ours, and after destination
 * translation (-100). Two versions of the programs are attached at once while one follows the other.
 */
const priorities = [-20, -19, -18, -17] as const;

/** Where the programs' links are. */
export interface LinkPlace {
  readonly netns: OwnNetns;
  /** Of the pins. */
  readonly directory: string;
  readonly programs: ReadonlyMap<string, number>;
}

/** The links of one loaded object. */
export class PinnedLinks {
  readonly #place: LinkPlace;
  readonly #links = new Map<string, number>();

  /** Opens the links that are pinned. */
  constructor(place: LinkPlace) {
    this.#place = place;
    for (const program of place.programs.keys()) {
      const fd = openPinned(this.#pin(program));
      if (fd !== undefined) this.#links.set(program, fd);
    }
  }

  /** Attaches what is not; says what had been detached or had lost its pin. */
  attach(wanted: readonly string[]): string[] {
    const drifted: string[] = [];
    for (const program of wanted) {
      const link = this.#links.get(program);
      if (link !== undefined && !this.#takeIfFree(program, linkPriority(link))) {
        if (this.#ensurePin(program, link)) drifted.push(`the pin of the link of ${program} was not there`);
        continue;
      }
      if (link !== undefined) drifted.push(`program ${program} was not attached`);
      else if (!priorities.some((priority) => this.#takeIfFree(program, priority))) {
        throw new Error(`no place is free at the hook of ${program}: other eBPF programs have the priorities ${priorities.join(', ')}`);
      }
    }
    for (const program of this.#links.keys()) if (!wanted.includes(program)) this.#detach(program);
    return drifted;
  }

  /** Whether a program is not attached any more. */
  hasLost(): boolean {
    return [...this.#links].some(([program, link]) => {
      const taken = this.#tryAttach(program, linkPriority(link));
      if (taken === undefined) return false;
      closeBpf(taken);
      return true;
    });
  }

  /** Whether a link is without its pin, and would go with this process. */
  hasLostPin(): boolean {
    return [...this.#links.keys()].some((program) => !existsSync(this.#pin(program)));
  }

  get size(): number {
    return this.#links.size;
  }

  close(): void {
    for (const link of this.#links.values()) closeBpf(link);
    this.#links.clear();
  }

  #takeIfFree(program: string, priority: number): boolean {
    const fd = this.#tryAttach(program, priority);
    if (fd === undefined) return false;
    const old = this.#links.get(program);
    if (old !== undefined) closeBpf(old);
    unlink(this.#pin(program));
    pinBpf(fd, this.#pin(program));
    this.#links.set(program, fd);
    return true;
  }

  #tryAttach(program: string, priority: number): number | undefined {
    const hook = programHooks[program];
    const fd = this.#place.programs.get(program);
    if (hook === undefined || fd === undefined) throw new Error(`there is no program ${program}`);
    return this.#place.netns.run(() => attachToNetfilter(fd, { ...hook, priority }) as never) as number | undefined;
  }

  #ensurePin(program: string, link: number): boolean {
    const pinned = openPinned(this.#pin(program));
    if (pinned !== undefined) {
      closeBpf(pinned);
      return false;
    }
    pinBpf(link, this.#pin(program));
    return true;
  }

  #detach(program: string): void {
    const link = this.#links.get(program);
    if (link === undefined) return;
    detachLink(link);
    closeBpf(link);
    unlink(this.#pin(program));
    this.#links.delete(program);
  }

  #pin(program: string): string {
    return join(this.#place.directory, `link_${program}`);
  }
}

/** Deletes a pin; one that is not there is no error. */
function unlink(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
