/** The volumes of a pod that are made of files: filled, and filled again when what they show has changed. */
import { mkdir } from 'node:fs/promises';
import type { KubeClient } from '@weir/client';
import type { Pod, Volume } from '@weir/kube';
import type { KeyedKind } from '../environment/container-environment.ts';
import type { PodFacts } from '../environment/pod-fields.ts';
import { writeAtomically } from './atomic-directory.ts';
import type { FollowedObject, KeyedObjects } from './keyed-objects.ts';
import { PodTokens } from './pod-tokens.ts';
import { projectionsOf, volumeFiles, volumeReferences } from './volume-files.ts';

/** What the files are made from. */
export interface FileVolumesOptions {
  readonly pod: Pod;
  readonly client: KubeClient;
  readonly objects: KeyedObjects;
  /** The pod as the downward API tells it, now. */
  readonly facts: () => PodFacts;
  /** An object that a volume shows, or a token, is not what it was: the volume is to be filled again. */
  readonly onChange: (volume: Volume) => void;
}

/** Timers reach no further than 24 days. */
const longestTimerMs = 2 ** 31 - 1;
const soonestRenewalMs = 1_000;

/** The contents of one pod's volumes. */
export class FileVolumes {
  readonly #options: FileVolumesOptions;
  readonly #followed = new Map<string, FollowedObject>();
  readonly #tokens: PodTokens;
  #renewal: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: FileVolumesOptions) {
    this.#options = options;
    this.#tokens = new PodTokens(options.client, options.pod);
  }

  /** Writes all files of a volume into a directory, which is made. Rejects with a {@link VolumeError}. */
  async fill(volume: Volume, directory: string): Promise<void> {
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
    await mkdir(directory, { recursive: true, mode: 0o755 });
    await writeAtomically(directory, files, this.#options.pod.spec?.securityContext?.fsGroup);
    this.renewLater(volume);
  }

  /** Fills a volume with tokens again before they end. */
  renewLater(volume: Volume): void {
    if (!projectionsOf(volume).some(({ serviceAccountToken }) => serviceAccountToken !== undefined)) return;
    clearTimeout(this.#renewal);
    const at = this.#tokens.renewMs;
    if (at === undefined || this.#closed) return;
    const delayMs = Math.min(Math.max(at - Date.now(), soonestRenewalMs), longestTimerMs);
    this.#renewal = setTimeout(() => this.#options.onChange(volume), delayMs).unref();
  }

  /** Stops following. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#renewal);
    for (const followed of this.#followed.values()) followed.release();
    this.#followed.clear();
  }

  #follow(volume: Volume, kind: KeyedKind, name: string): ReturnType<FollowedObject['current']> {
    const key = `${volume.name}/${kind}/${name}`;
    const known = this.#followed.get(key);
    if (known !== undefined) return known.current();
    const { namespace = '' } = this.#options.pod.metadata;
    const followed = this.#options.objects.follow({ kind, namespace, name }, () => this.#options.onChange(volume));
    this.#followed.set(key, followed);
    return followed.current();
  }
}
