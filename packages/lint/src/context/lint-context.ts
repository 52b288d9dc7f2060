/** What rules look at: the objects, the snapshot that they make, and what several rules ask of both, computed once. */
import type { ReferredObjects } from '@weir/compile';
import { type Diagnostic, type KubeObject, namespaceNameLabel, type StringMap } from '@weir/kube';
import { type EngineName, type EngineProfile, engineProfiles, type OperatingSystem, type PolicyRef, systemOfEndpoint } from '@weir/model';
import {
  type LoadSnapshotOptions,
  loadSnapshot,
  type MaybePlacedObject,
  type PlacedObject,
  referredAmong,
  type Snapshot,
} from '@weir/snapshot';
import { type LintObject, lintObjectOf } from './lint-object.ts';
import { type LintPolicy, type LintRuleEntry, lintPoliciesOf, refKey, rulesOf } from './lint-policy.ts';
import { PodIndex } from './pod-index.ts';

/** What is looked at. */
export interface LintInput {
  readonly objects: readonly (KubeObject | PlacedObject)[];
  /** The texts of the files that the objects came from, by the names that their places have; without them nothing is fixed or ignored by comment. */
  readonly texts?: ReadonlyMap<string, string>;
  /** What was wrong with the files. */
  readonly diagnostics?: readonly Diagnostic[];
  /** Whether the objects are all that the cluster has. Default: no, so that what is not there may well be elsewhere. */
  readonly isComplete?: boolean;
}

/** As which engine, and for which others. */
export interface LintReading extends LoadSnapshotOptions {
  /** The engines that all of it should work with too. Default: only the one of the profile. */
  readonly engines?: readonly EngineName[];
  /** Operating systems that all of it should work on too. Default: only those on which there are pods. */
  readonly systems?: readonly OperatingSystem[];
}

/** A namespace that is known, with its labels where its object is there. */
export interface KnownNamespace {
  readonly name: string;
  /** With the label of its name. */
  readonly labels: StringMap;
  /** Absent: only its pods or policies are there, and its labels are not known but for its name. */
  readonly of?: LintObject;
}

/** What rules look at. Everything is computed once, when it is asked for first. */
export class LintContext {
  readonly input: LintInput;
  readonly reading: LintReading;
  readonly profile: EngineProfile;
  /** In the order given. */
  readonly objects: readonly LintObject[];
  readonly snapshot: Snapshot;
  readonly #once = new Map<string, unknown>();

  constructor(input: LintInput, reading: LintReading = {}) {
    this.input = input;
    this.reading = reading;
    this.profile = reading.profile ?? engineProfiles.kubernetes;
    this.objects = input.objects.map((entry) => lintObjectOf(placedOf(entry)));
    this.snapshot = loadSnapshot(input.objects, reading);
  }

  /** Whether the objects are all that the cluster has. */
  get isComplete(): boolean {
    return this.input.isComplete === true;
  }

  /** The policies that the engine reads. */
  get policies(): readonly LintPolicy[] {
    return this.once('policies', () => {
      const { profile, systems, referred, snapshot } = this;
      const { expandsUnsupported } = this.reading;
      return lintPoliciesOf(this.objects, snapshot, { referred, options: { profile, systems, expandsUnsupported } });
    });
  }

  /** Every rule of the policies that are not refused. */
  get rules(): readonly LintRuleEntry[] {
    return this.once('rules', () => rulesOf(this.policies));
  }

  /** The objects that policies refer to. */
  get referred(): ReferredObjects {
    return this.once('referred', () => referredAmong(this.objects.map(({ object }) => object)));
  }

  /** The pods by selector. */
  get pods(): PodIndex {
    return this.once('pods', () => {
      const labels = new Map([...this.namespaces.values()].map((namespace) => [namespace.name, namespace.labels]));
      return new PodIndex(this.snapshot, labels);
    });
  }

  /** The systems on which there are pods; Linux where there are none. */
  get systems(): readonly OperatingSystem[] {
    return this.once('systems', () => {
      const used = new Set([...this.snapshot.endpoints.values()].map(systemOfEndpoint));
      return used.size === 0 ? ['linux'] : [...used].sort();
    });
  }

  /** The namespaces that have an object of their own, or a pod. */
  get namespaces(): ReadonlyMap<string, KnownNamespace> {
    return this.once('namespaces', () => {
      const found = new Map<string, KnownNamespace>();
      for (const of of this.objects) {
        const { kind, apiVersion, metadata } = of.object;
        if (kind !== 'Namespace' || apiVersion !== 'v1' || metadata.name === undefined) continue;
        const { name } = metadata;
        found.set(name, { name, labels: { ...metadata.labels, [namespaceNameLabel]: name }, of });
      }
      for (const { metadata } of this.snapshot.pods.values()) {
        const { namespace: name = 'default' } = metadata;
        if (!found.has(name)) found.set(name, { name, labels: { [namespaceNameLabel]: name } });
      }
      return found;
    });
  }

  /** The policy that a rule or a verdict names. */
  policyOf(ref: PolicyRef): LintPolicy | undefined {
    const byRef = this.once(
      'policies by reference',
      () => new Map(this.policies.flatMap((of) => of.compiled.map((policy): [string, LintPolicy] => [refKey(policy.ref), of]))),
    );
    return byRef.get(refKey(ref));
  }

  /** A value that is computed when it is asked for first, for all rules; `name` is of whoever asks. */
  once<T>(name: string, compute: () => T): T {
    if (!this.#once.has(name)) this.#once.set(name, compute());
    return this.#once.get(name) as T;
  }
}

function placedOf(entry: KubeObject | PlacedObject): MaybePlacedObject {
  return 'positionOf' in entry ? { object: entry.object, positionOf: (path) => entry.positionOf(path) } : { object: entry };
}
