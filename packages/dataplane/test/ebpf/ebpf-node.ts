/** A node whose eBPF back ends pin in a directory of the test's own; {@link EbpfNode.close} takes everything away. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Delta } from '@weir/calc';
import { inNetns } from '@weir/kernel';
import { defined } from '@weir/net';
import { EbpfDataplane, type EbpfOptions } from '../../src/ebpf/index.ts';
import { type ObjectFile, readObjectFile } from '../../src/ebpf/object-file.ts';
import { type StateText, stateDelta } from '../conformance/state.ts';
import { openWorld, type World } from '../conformance/world.ts';

/** The committed programs. */
export const committedFile: ObjectFile = readObjectFile();
/** The same programs as another version: what follows an ELF file's sections is not read. */
export const otherVersion: ObjectFile = { image: Buffer.concat([committedFile.image, Buffer.alloc(8)]), version: 'other' };

/** A world and the back ends of its node. */
export class EbpfNode {
  readonly world: World;
  /** Why back ends had to replace what they had made; stays empty when all goes as it should. */
  readonly replaced: string[] = [];
  readonly #directory = mkdtempSync(join(tmpdir(), 'weirt-bpf-'));
  readonly #open = new Set<EbpfDataplane>();

  constructor(world: World) {
    this.world = world;
  }

  /** Where back ends pin. */
  get pinDirectory(): string {
    return join(this.#directory, 'pins');
  }

  /** A back end as a process of its own would have it. */
  start(more: Partial<EbpfOptions> = {}, object: ObjectFile = committedFile): EbpfDataplane {
    const options: EbpfOptions = {
      podInterfaces: [this.world.podInterfacePrefix],
      onReplace: (error) => this.replaced.push(error.message),
      pinDirectory: this.pinDirectory,
      ...more,
    };
    const made = inNetns(this.world.netns('node'), () => new EbpfDataplane(options, object) as never) as EbpfDataplane;
    this.#open.add(made);
    return made;
  }

  /** Ends a back end as a killed process does: nothing is taken away. */
  async leave(dataplane: EbpfDataplane): Promise<void> {
    this.#open.delete(dataplane);
    await dataplane.close();
  }

  delta(text: StateText): Delta {
    return stateDelta(text, (pod) => this.world.podInterface(pod));
  }

  /** The directory of the first loaded object. */
  pins(): string {
    const own = join(
      this.pinDirectory,
      defined(
        readdirSync(this.pinDirectory).find((name) => name.startsWith('weir-net-')),
        'there are pins',
      ),
    );
    return join(own, defined(readdirSync(own)[0], 'of an object'));
  }

  bpftool(...command: readonly string[]): string {
    return execFileSync('bpftool', command, { encoding: 'utf8' });
  }

  /** Takes all back ends away; the world stays. */
  async reset(): Promise<void> {
    for (const dataplane of this.#open) {
      await dataplane.remove();
      await dataplane.close();
    }
    this.#open.clear();
    this.replaced.length = 0;
  }

  async close(): Promise<void> {
    try {
      await this.reset();
    } finally {
      rmSync(this.#directory, { recursive: true, force: true });
      await this.world.close();
    }
  }
}

/** Makes the node with its world. */
export async function openEbpfNode(): Promise<EbpfNode> {
  return new EbpfNode(await openWorld());
}
