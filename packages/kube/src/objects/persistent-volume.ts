/** core/v1 PersistentVolume and PersistentVolumeClaim and storage.k8s.io/v1 StorageClass, as far as Weir reads them. */
import type { LabelSelector } from './label-selector.ts';
import type { NodeSelectorTerm } from './node-selector.ts';
import type { KubeObject, StringMap } from './object-meta.ts';

/** Which nodes reach a volume; one of the terms has to match. */
export interface VolumeNodeAffinity {
  readonly required?: { readonly nodeSelectorTerms: readonly NodeSelectorTerm[] };
}

/** The claim that a volume is for; without a UID the next claim of that name. */
export interface ClaimReference {
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
}

/** A place for data that outlives pods. Sources that Weir does not read keep all their fields. */
export interface PersistentVolume extends KubeObject {
  readonly spec?: {
    readonly capacity?: { readonly storage?: string | number };
    readonly accessModes?: readonly string[];
    readonly claimRef?: ClaimReference;
    readonly persistentVolumeReclaimPolicy?: string;
    readonly storageClassName?: string;
    readonly volumeMode?: string;
    readonly nodeAffinity?: VolumeNodeAffinity;
    readonly hostPath?: { readonly path: string; readonly type?: string };
    readonly local?: { readonly path: string };
    readonly csi?: { readonly driver: string; readonly volumeHandle: string; readonly readOnly?: boolean };
  };
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
  };
}

/** What a claim asks for. */
export interface PersistentVolumeClaimSpec {
  readonly accessModes?: readonly string[];
  readonly selector?: LabelSelector;
  readonly resources?: { readonly requests?: { readonly storage?: string | number } };
  readonly volumeName?: string;
  /** Empty: volumes without a class only; absent: no class has been chosen yet. */
  readonly storageClassName?: string;
  readonly volumeMode?: string;
  readonly dataSource?: unknown;
  readonly dataSourceRef?: unknown;
}

/** The wish for a volume. */
export interface PersistentVolumeClaim extends KubeObject {
  readonly spec?: PersistentVolumeClaimSpec;
  readonly status?: {
    readonly phase?: string;
    readonly accessModes?: readonly string[];
    readonly capacity?: { readonly storage?: string | number };
  };
}

/** How the volumes of a class are made. */
export interface StorageClass extends KubeObject {
  readonly provisioner: string;
  readonly parameters?: StringMap;
  readonly reclaimPolicy?: string;
  readonly mountOptions?: readonly string[];
  readonly volumeBindingMode?: string;
  readonly allowedTopologies?: readonly {
    readonly matchLabelExpressions?: readonly { readonly key: string; readonly values: readonly string[] }[];
  }[];
}
