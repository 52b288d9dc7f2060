/** Which DaemonSets of engines are to come and to go: those of the engines that the nodes name. Values in, values out. */
import { deepEqual, type Node } from '@weir/kube';
import { type EngineName, engineProfiles, type OperatingSystem } from '@weir/model';
import type { DaemonSet } from '../controllers/workloads/workload.ts';
import { fakeLabel } from '../fakes/fake-labels.ts';
import { type EngineOnSystem, engineDaemonSet, engineNamespace } from './engine-daemon-sets.ts';
import { engineLabel, minorOf } from './engine-labels.ts';

/** What is to be done. */
export interface EngineSetsPlan {
  readonly create: readonly DaemonSet[];
  /** Sets that have another image than their nodes' version of Kubernetes has. */
  readonly update: readonly DaemonSet[];
  /** Names of sets whose engine is on no node any more. */
  readonly remove: readonly string[];
}

/** Plans it. What people have changed in a set stays, apart from its image. */
export function planEngineSets(nodes: readonly Node[], present: readonly DaemonSet[]): EngineSetsPlan {
  const wanted = enginesOf(nodes).flatMap((each) => engineDaemonSet(each) ?? []);
  const own = present.filter(({ metadata }) => metadata.namespace === engineNamespace && metadata.labels?.[engineLabel] !== undefined);
  const find = (sets: readonly DaemonSet[], { metadata }: DaemonSet): DaemonSet | undefined =>
    sets.find((other) => other.metadata.name === metadata.name);
  return {
    create: wanted.filter((set) => find(own, set) === undefined),
    update: wanted.filter((set) => {
      const known = find(own, set);
      return known !== undefined && !deepEqual(imagesOf(known), imagesOf(set));
    }),
    remove: own.filter((set) => isOver(set, nodes)).map(({ metadata }) => metadata.name ?? ''),
  };
}

/** Whether the cluster goes on without the set's engine. While all nodes are being replaced there is nobody to say so. */
function isOver(set: DaemonSet, nodes: readonly Node[]): boolean {
  const real = nodes.filter(({ metadata }) => metadata.labels?.[fakeLabel] === undefined);
  return real.length > 0 && !real.some(({ metadata }) => metadata.labels?.[engineLabel] === set.metadata.labels?.[engineLabel]);
}

/** The images of a set's containers, by name. */
function imagesOf({ spec }: DaemonSet): Readonly<Record<string, string>> {
  return Object.fromEntries((spec?.template?.spec?.containers ?? []).map(({ name, image = '' }) => [name, image]));
}

function enginesOf(nodes: readonly Node[]): readonly EngineOnSystem[] {
  const found = new Map<string, EngineOnSystem>();
  for (const { metadata, status } of nodes) {
    const engine = metadata.labels?.[engineLabel] ?? '';
    if (!isEngine(engine)) continue;
    const system: OperatingSystem = metadata.labels?.['kubernetes.io/os'] === 'windows' ? 'windows' : 'linux';
    const minor = minorOf(status?.nodeInfo?.kubeletVersion ?? '');
    const key = `${engine} ${system}`;
    // A node that has only just been made does not say its version yet.
    if (minor > 0 && minor > (found.get(key)?.minor ?? 0)) found.set(key, { engine, system, minor });
  }
  return [...found.values()];
}

function isEngine(text: string): text is EngineName {
  return Object.hasOwn(engineProfiles, text);
}
