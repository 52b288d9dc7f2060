/**
 * The mounts of a pod's containers: where in a volume each begins, and the places that are pinned once and for all so that
 * no container can make something else of the way to them.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Container, VolumeMount } from '@weir/kube';
import { unmountBelow } from '../../sandbox/mount-points.ts';
import type { OciMount } from '../../sandbox/runc-config.ts';
import { expandVariables } from '../environment/container-environment.ts';
import { OutsideError, openResolvedBeneath } from './open-beneath.ts';
import { pinPlace } from './volume-directory.ts';
import { VolumeError } from './volume-files.ts';

/** Where a volume is. */
export interface Place {
  /** A directory or file of the machine. */
  readonly source: string;
  readonly isReadOnly: boolean;
}

/** The container that a mount is for, and its variables. */
export interface MountedContainer {
  readonly container: Container;
  readonly environment: Readonly<Record<string, string>>;
}

/** The pinned places of one pod. */
export class PodMounts {
  readonly #directory: string;
  /** How many places have been pinned. */
  #pins = 0;
  readonly #subPaths = new Map<string, string>();

  /** `directory` is the pod's own, for pins alone. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Removes those of an earlier process of the node, whose containers are gone. */
  async clear(): Promise<void> {
    await unmountBelow(this.#directory);
  }

  /** Mounts what a descriptor stands for at a place of its own, and closes it; resolves to the place. */
  async pin(fd: number): Promise<string> {
    const point = join(this.#directory, String(++this.#pins));
    await pinPlace(fd, point);
    return point;
  }

  /** One mount of a volume. Rejects with a {@link VolumeError}. */
  async mount(mount: VolumeMount, place: Place, { container, environment }: MountedContainer): Promise<OciMount> {
    const isReadOnly = place.isReadOnly || mount.readOnly === true;
    const subPath = mount.subPathExpr === undefined ? (mount.subPath ?? '') : expandVariables(mount.subPathExpr, environment);
    return {
      destination: mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`,
      type: 'bind',
      source: subPath === '' ? place.source : await this.#below(place, subPath, { mount, container }),
      options: ['rbind', isReadOnly ? 'ro' : 'rw', 'nosuid', 'nodev', 'rprivate'],
    };
  }

  async #below(
    place: Place,
    subPath: string,
    { mount, container }: { readonly mount: VolumeMount; readonly container: Container },
  ): Promise<string> {
    const key = `${container.name}/${mount.mountPath}/${subPath}`;
    const known = this.#subPaths.get(key);
    if (known !== undefined) return known;
    try {
      const point = await this.pin(
        openResolvedBeneath(place.source, subPath, place.isReadOnly ? {} : { directoryMode: statSync(place.source).mode & 0o7777 }),
      );
      // What changes by renaming is looked for again at the next start.
      if (!place.isReadOnly) this.#subPaths.set(key, point);
      return point;
    } catch (error) {
      const why = error instanceof OutsideError ? `: ${error.message}` : '';
      throw new VolumeError(
        `failed to prepare subPath for volumeMount ${JSON.stringify(mount.name)} of container ${JSON.stringify(container.name)}${why}`,
      );
    }
  }
}
