/**
 * What a node says of the engine that enforces on it, as labels: the DaemonSets of engines choose their nodes by the
 * first. None lies in a domain of Kubernetes, where a node may set few labels of itself.
 */
import { calicoOnWindows, type EngineName, engineRelease, type OperatingSystem } from '@weir/model';

/** The engine, on every node that has one. */
export const engineLabel = 'weir.local/engine';
/** The engine's version, where it is a product. */
const versionLabel = 'weir.local/engine-version';
/** Whether the node has Floating IP, as Windows nodes with Calico do. */
const floatingIpLabel = 'weir.local/floating-ip';

/** A node as far as its engine is concerned. */
export interface EngineNode {
  /** Absent: nothing enforces policies on it. */
  readonly engine?: EngineName | undefined;
  readonly system: OperatingSystem;
  /** `v1.35.2`. */
  readonly kubeletVersion: string;
}

/** The labels that hold; null: one that does not, for a merge with what an earlier process of the node said. */
export function engineLabels({ engine, system, kubeletVersion }: EngineNode): Readonly<Record<string, string | null>> {
  const minor = minorOf(kubeletVersion);
  const version = engine === undefined ? undefined : engineRelease(engine, system, minor)?.version;
  const hasFloatingIp = engine === 'calico' && system === 'windows' && minor >= minorOf(calicoOnWindows.kubernetesSince);
  return {
    [engineLabel]: engine ?? null,
    [versionLabel]: version ?? null,
    [floatingIpLabel]: hasFloatingIp && calicoOnWindows.hasFloatingIp ? 'true' : null,
  };
}

/** The minor version of `v1.35.2` or `1.20`; 0 for anything else. */
export function minorOf(version: string): number {
  return Number(/^v?1\.(\d+)/.exec(version)?.[1] ?? 0);
}
