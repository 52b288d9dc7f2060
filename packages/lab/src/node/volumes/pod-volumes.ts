/**
 * The volumes of one pod: made before its containers start, kept up to date while they run, removed after them.
 *
 * ```
 *   <node's state>/volumes/<pod's UID>/<volume>    emptyDir, and files of ConfigMaps, Secrets, downward API, tokens
 *   …/.pins/N                                      hostPath volumes and sub-paths, mounted once and for all
 *   <node's state>/host/…                          what hostPath volumes show
 * ```
 * A volume that cannot be made is tried again, with an Event, until it can. The volume of the service account's token is filled
 * when the first program that could read it starts: most pods of the lab run built-in programs, which never look.
 */
import { closeSync, statSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient } from '@weir/client';
import type { Container, Pod, Volume, VolumeMount } from '@weir/kube';
import { unmountBelow } from '../../sandbox/mount-points.ts';
import type { OciMount } from '../../sandbox/runc-config.ts';
import { expandVariables, type KeyedKind } from '../environment/container-environment.ts';
import type { PodFacts } from '../environment/pod-fields.ts';
import { writeAtomically } from './atomic-directory.ts';
import type { FollowedObject, KeyedObjects } from './keyed-objects.ts';
import { descriptorPath, OutsideError, openResolvedBeneath } from './open-beneath.ts';
import { PodTokens } from './pod-tokens.ts';
import { makeEmptyDirectory, openHostPath, pinPlace, shareWithGroup } from './volume-directory.ts';
import { isMadeOfFiles, projectionsOf, VolumeError, volumeFiles, volumeReferences } from './volume-files.ts';

/** What volumes are made of. */
export interface PodVolumesOptions {
  readonly pod: Pod;
  readonly client: KubeClient;
  readonly objects: KeyedObjects;
  /** Directory of the node's state. */
  readonly stateDirectory: string;
  /** The pod as the downward API tells it, now. */
  readonly facts: () => PodFacts;
  /** A volume cannot be made for now; in the words of an Event `FailedMount`. */
  readonly onFailure: (message: string) => void;
}

/** Where a volume is. */
interface Place {
  /** A directory or file of the machine. */
  readonly source: string;
  readonly isReadOnly: boolean;
}

/** Delays between attempts in milliseconds: doubling. */
const firstRetryMs = 500;
const lastRetryMs = 8_000;
const tokenPrefix = 'kube-api-access-';
/** No volume can have this name. */
const pinsDirectory = '.pins';

/** All volumes of one pod. */
export class PodVolumes {
  readonly #options: PodVolumesOptions;
  readonly #places = new Map<string, Place>();
  readonly #followed = new Map<string, FollowedObject>();
  /** How many sub-paths and hostPath volumes have been pinned. */
  #pins = 0;
  readonly #subPaths = new Map<string, string>();
  readonly #tokens: PodTokens;
  #renewal: NodeJS.Timeout | undefined;
  /** One change at a time. */
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;
  #lastTold: string;

  constructor(options: PodVolumesOptions) {
    this.#options = options;
    this.#tokens = new PodTokens(options.client, options.pod);
    this.#lastTold = toldOf(options.pod);
  }

  /** Makes all volumes but the token's; resolves when they are there or `stop` comes. */
  async setUp(stop: AbortSignal): Promise<void> {
    // Those of an earlier process of the node, whose containers are gone.
    await unmountBelow(join(this.#root, pinsDirectory));
    for (const volume of this.#volumes) {
      for (let delayMs = firstRetryMs; !isOfToken(volume) && !stop.aborted; delayMs = Math.min(2 * delayMs, lastRetryMs)) {
        try {
          await this.#inTurn(() => this.#make(volume));
          break;
        } catch (error) {
          const message = error instanceof Error ? error.message : String(error);
          this.#options.onFailure(`MountVolume.SetUp failed for volume ${JSON.stringify(volume.name)} : ${message}`);
          await sleep(delayMs, undefined, { signal: stop }).catch(() => undefined);
        }
      }
    }
  }

  /** Makes what {@link PodVolumes.setUp} has left. Rejects with a {@link VolumeError} when that cannot be. */
  async complete(): Promise<void> {
    for (const volume of this.#volumes) {
      if (!this.#places.has(volume.name)) await this.#inTurn(() => this.#make(volume));
    }
  }

  /** The mounts of a container, those with shorter paths first. Rejects with a {@link VolumeError}. Sources are valid until {@link PodVolumes.tearDown}. */
  async mounts(container: Container, environment: Readonly<Record<string, string>>): Promise<readonly OciMount[]> {
    const mounts: OciMount[] = [];
    for (const mount of container.volumeMounts ?? []) mounts.push(await this.#mount(mount, container, environment));
    return mounts.toSorted((a, b) => a.destination.split('/').length - b.destination.split('/').length);
  }

  /** A file as a program of the container would read it; rejects with Node's codes. */
  async readFile(container: Container, path: string): Promise<Buffer> {
    const mount = (container.volumeMounts ?? [])
      .filter(({ mountPath, subPath, subPathExpr }) => path.startsWith(`${mountPath}/`) && (subPath ?? subPathExpr) === undefined)
      .toSorted((a, b) => b.mountPath.length - a.mountPath.length)[0];
    if (mount === undefined) throw Object.assign(new Error(`open ${path}: no such file or directory`), { code: 'ENOENT' });
    await this.complete();
    const place = this.#places.get(mount.name);
    if (place === undefined) throw new VolumeError(`the volume ${JSON.stringify(mount.name)} is not there`);
    const fd = openResolvedBeneath(place.source, path.slice(mount.mountPath.length));
    try {
      return await readFile(descriptorPath(fd));
    } finally {
      closeSync(fd);
    }
  }

  /** The pod's object has changed: what the downward API tells follows. */
  podChanged(): void {
    const told = toldOf(this.#options.facts().pod);
    if (told === this.#lastTold) return;
    this.#lastTold = told;
    for (const volume of this.#volumes) {
      if (projectionsOf(volume).some(({ downwardAPI }) => downwardAPI !== undefined)) this.#refresh(volume);
    }
  }

  /** Stops following; what is there stays, for a successor of this process. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#renewal);
    for (const followed of this.#followed.values()) followed.release();
    this.#followed.clear();
  }

  /** Removes everything that was the pod's own. */
  async tearDown(): Promise<void> {
    this.close();
    await this.#last.catch(() => undefined);
    await unmountBelow(this.#root);
    await rm(this.#root, { recursive: true, force: true });
  }

  get #volumes(): readonly Volume[] {
    return this.#options.pod.spec?.volumes ?? [];
  }

  get #root(): string {
    return join(this.#options.stateDirectory, 'volumes', this.#options.pod.metadata.uid ?? '');
  }

  get #group(): number | undefined {
    return this.#options.pod.spec?.securityContext?.fsGroup;
  }

  #directory(volume: Volume): string {
    // The API server refuses other names; one with a path in it would be a place of the machine.
    if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(volume.name)) throw new VolumeError(`${volume.name} is no name of a volume`);
    return join(this.#root, volume.name);
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const next = this.#last.then(action, action);
    this.#last = next.catch(() => undefined);
    return next;
  }

  async #make(volume: Volume): Promise<void> {
    if (this.#closed) return;
    const source = this.#directory(volume);
    if (isMadeOfFiles(volume)) {
      await this.#fill(volume);
      this.#places.set(volume.name, { source, isReadOnly: true });
    } else if (volume.emptyDir !== undefined) {
      await makeEmptyDirectory(source, volume.emptyDir);
      if (this.#group !== undefined) await shareWithGroup(source, this.#group);
      this.#places.set(volume.name, { source, isReadOnly: false });
    } else if (volume.hostPath !== undefined) {
      const fd = await openHostPath(join(this.#options.stateDirectory, 'host'), volume.hostPath);
      this.#places.set(volume.name, { source: await this.#pin(fd), isReadOnly: false });
    } else {
      throw new VolumeError('the lab does not have volumes of this type');
    }
  }

  async #fill(volume: Volume): Promise<void> {
    const objects = new Map<string, Awaited<ReturnType<FollowedObject['current']>>>();
    for (const { kind, name } of volumeReferences(volume)) objects.set(`${kind}/${name}`, await this.#follow(volume, kind, name));
    const tokens = new Map<string, string>();
    for (const { serviceAccountToken } of projectionsOf(volume)) {
      if (serviceAccountToken !== undefined) tokens.set(serviceAccountToken.path, await this.#tokens.token(serviceAccountToken));
    }
    const files = volumeFiles(volume, {
      ...this.#options.facts(),
      find: (kind, name) => objects.get(`${kind}/${name}`),
      token: (path) => tokens.get(path) ?? '',
    });
    const directory = this.#directory(volume);
    await mkdir(directory, { recursive: true, mode: 0o755 });
    await writeAtomically(directory, files, this.#group);
    if (tokens.size > 0) this.#renewLater(volume);
  }

  #follow(volume: Volume, kind: KeyedKind, name: string): ReturnType<FollowedObject['current']> {
    const key = `${volume.name}/${kind}/${name}`;
    const known = this.#followed.get(key);
    if (known !== undefined) return known.current();
    const { namespace = '' } = this.#options.pod.metadata;
    const followed = this.#options.objects.follow({ kind, namespace, name }, () => this.#refresh(volume));
    this.#followed.set(key, followed);
    return followed.current();
  }

  #renewLater(volume: Volume): void {
    clearTimeout(this.#renewal);
    const at = this.#tokens.renewMs;
    if (at === undefined || this.#closed) return;
    // Timers reach no further than 24 days.
    this.#renewal = setTimeout(() => this.#refresh(volume), Math.min(Math.max(at - Date.now(), 1_000), 2 ** 31 - 1)).unref();
  }

  /** Brings a volume that is there up to date; what cannot be made now stays as it was. */
  #refresh(volume: Volume): void {
    if (!this.#places.has(volume.name) || this.#closed) return;
    this.#inTurn(async () => {
      if (!this.#closed) await this.#fill(volume);
    }).catch((error: unknown) => {
      if (this.#closed) return;
      const message = error instanceof Error ? error.message : String(error);
      this.#options.onFailure(`MountVolume.SetUp failed for volume ${JSON.stringify(volume.name)} : ${message}`);
      if (projectionsOf(volume).some(({ serviceAccountToken }) => serviceAccountToken !== undefined)) this.#renewLater(volume);
    });
  }

  async #mount(mount: VolumeMount, container: Container, environment: Readonly<Record<string, string>>): Promise<OciMount> {
    const volume = this.#volumes.find(({ name }) => name === mount.name);
    const place = this.#places.get(mount.name) ?? (volume !== undefined && isOfToken(volume) ? this.#later(volume) : undefined);
    if (place === undefined) throw new VolumeError(`the volume ${JSON.stringify(mount.name)} is not there`);
    const isReadOnly = place.isReadOnly || mount.readOnly === true;
    const subPath = mount.subPathExpr === undefined ? (mount.subPath ?? '') : expandVariables(mount.subPathExpr, environment);
    return {
      destination: mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`,
      type: 'bind',
      source: subPath === '' ? place.source : await this.#below(place, subPath, { mount, container }),
      options: ['rbind', isReadOnly ? 'ro' : 'rw', 'nosuid', 'nodev', 'rprivate'],
    };
  }

  /** Where the token's volume is going to be. */
  #later(volume: Volume): Place {
    return { source: this.#directory(volume), isReadOnly: true };
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
      const point = await this.#pin(
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

  async #pin(fd: number): Promise<string> {
    const point = join(this.#root, pinsDirectory, String(++this.#pins));
    await pinPlace(fd, point);
    return point;
  }
}

/** What of the pod can change that the downward API tells in files. */
function toldOf({ metadata }: Pod): string {
  return JSON.stringify([metadata.labels, metadata.annotations]);
}

/** Whether admission has made the volume, for the service account's token. */
function isOfToken(volume: Volume): boolean {
  return volume.name.startsWith(tokenPrefix) && volume.projected !== undefined;
}
