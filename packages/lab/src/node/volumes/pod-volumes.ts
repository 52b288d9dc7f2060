/**
 * The volumes of one pod: made before its containers start, kept up to date while they run, removed after them.
 *
 * ```
 *   <node's state>/volumes/<pod's UID>/<volume>    emptyDir, and files of ConfigMaps, Secrets, downward API, tokens
 *   …/.pins/N                                      hostPath volumes and sub-paths, mounted once and for all
 *   <node's state>/host/…                          what hostPath volumes show
 *   <node's state>/claims/<volume>                 what the lab's provisioner made for claims; outlives the pod
 * ```
 * A volume that cannot be made is tried again, with an Event, until it can. The volume of the service account's token is filled
 * when the first program that could read it starts: most pods of the lab run built-in programs, which never look.
 */
import { closeSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient } from '@weir/client';
import type { Container, Pod, Volume } from '@weir/kube';
import { unmountBelow } from '../../sandbox/mount-points.ts';
import type { OciMount } from '../../sandbox/runc-config.ts';
import { claimNameOf } from '../../storage/pod-claims.ts';
import type { PodFacts } from '../environment/pod-fields.ts';
import { ClaimError, claimPlace } from './claim-places.ts';
import { FileVolumes } from './file-volumes.ts';
import type { KeyedObjects } from './keyed-objects.ts';
import { descriptorPath, openResolvedBeneath } from './open-beneath.ts';
import { type Place, PodMounts } from './pod-mounts.ts';
import { makeEmptyDirectory, openHostPath, shareWithGroup } from './volume-directory.ts';
import { isMadeOfFiles, projectionsOf, VolumeError } from './volume-files.ts';

/** What volumes are made of. */
export interface PodVolumesOptions {
  readonly pod: Pod;
  readonly client: KubeClient;
  readonly objects: KeyedObjects;
  readonly node: string;
  /** Directory of the node's state. */
  readonly stateDirectory: string;
  /** The pod as the downward API tells it, now. */
  readonly facts: () => PodFacts;
  /** A volume cannot be made for now; in the words of an Event `FailedMount`. */
  readonly onFailure: (message: string) => void;
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
  readonly #files: FileVolumes;
  readonly #mounts: PodMounts;
  /** One change at a time. */
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;
  #lastTold: string;

  constructor(options: PodVolumesOptions) {
    this.#options = options;
    this.#files = new FileVolumes({ ...options, onChange: (volume) => this.#refresh(volume) });
    this.#mounts = new PodMounts(join(this.#root, pinsDirectory));
    this.#lastTold = toldOf(options.pod);
  }

  /** Makes all volumes but the token's; resolves when they are there or `stop` comes. */
  async setUp(stop: AbortSignal): Promise<void> {
    await this.#mounts.clear();
    for (const volume of this.#volumes) {
      for (let delayMs = firstRetryMs; !isOfToken(volume) && !stop.aborted; delayMs = Math.min(2 * delayMs, lastRetryMs)) {
        try {
          await this.#inTurn(() => this.#make(volume));
          break;
        } catch (error) {
          this.#options.onFailure(failureText(volume, error));
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
    for (const mount of container.volumeMounts ?? []) {
      mounts.push(await this.#mounts.mount(mount, this.#placeOf(mount.name), { container, environment }));
    }
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
    this.#files.close();
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
      await this.#files.fill(volume, source);
      this.#places.set(volume.name, { source, isReadOnly: true });
    } else if (volume.emptyDir !== undefined) {
      await makeEmptyDirectory(source, volume.emptyDir);
      if (this.#group !== undefined) await shareWithGroup(source, this.#group);
      this.#places.set(volume.name, { source, isReadOnly: false });
    } else if (volume.hostPath !== undefined) {
      const fd = await openHostPath(join(this.#options.stateDirectory, 'host'), volume.hostPath);
      this.#places.set(volume.name, { source: await this.#mounts.pin(fd), isReadOnly: false });
    } else if (claimNameOf(this.#options.pod, volume) !== undefined) {
      const options = { ...this.#options, pin: (fd: number) => this.#mounts.pin(fd) };
      this.#places.set(volume.name, await claimPlace(options, this.#options.pod, volume));
    } else {
      throw new VolumeError('the lab does not have volumes of this type');
    }
  }

  /** Brings a volume that is there up to date; what cannot be made now stays as it was. */
  #refresh(volume: Volume): void {
    if (!this.#places.has(volume.name) || this.#closed) return;
    this.#inTurn(async () => {
      if (!this.#closed) await this.#files.fill(volume, this.#directory(volume));
    }).catch((error: unknown) => {
      if (this.#closed) return;
      this.#options.onFailure(failureText(volume, error));
      this.#files.renewLater(volume);
    });
  }

  #placeOf(name: string): Place {
    const volume = this.#volumes.find((each) => each.name === name);
    const place = this.#places.get(name);
    if (place !== undefined) return place;
    // Where the token's volume is going to be.
    if (volume !== undefined && isOfToken(volume)) return { source: this.#directory(volume), isReadOnly: true };
    throw new VolumeError(`the volume ${JSON.stringify(name)} is not there`);
  }
}

/** What an Event says of a volume that cannot be made. */
function failureText(volume: Volume, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof ClaimError ? message : `MountVolume.SetUp failed for volume ${JSON.stringify(volume.name)} : ${message}`;
}

/** What of the pod can change that the downward API tells in files. */
function toldOf({ metadata }: Pod): string {
  return JSON.stringify([metadata.labels, metadata.annotations]);
}

/** Whether admission has made the volume, for the service account's token. */
function isOfToken(volume: Volume): boolean {
  return volume.name.startsWith(tokenPrefix) && volume.projected !== undefined;
}
