/**
 * What AKS runs as an engine: its version and image for each version of Kubernetes, and what the article says of
 * Calico on Windows.
 *
 * Sources: the supported versions and the change log of AKS, which name the minor version of Calico alone: its first
 * patch stands for it. Images of Azure and their versions are AKS's; the registries of the others are upstream's.
 */
import type { EngineName, OperatingSystem } from './profile.ts';

/** One engine on one system as AKS runs it. */
export interface EngineRelease {
  /** Without a `v`. */
  readonly version: string;
  /** With its tag. */
  readonly image: string;
}

/** What the article says of Windows nodes of a cluster with Calico. */
export interface WindowsSupport {
  /** The oldest Kubernetes and the oldest version of the engine that have it. */
  readonly kubernetesSince: string;
  readonly engineSince: string;
  /** The only network plugin with it. */
  readonly networkPlugin: string;
  /** Whether those nodes have Floating IP without being asked for it. */
  readonly hasFloatingIp: boolean;
}

/** Calico's. */
export const calicoOnWindows: WindowsSupport = {
  kubernetesSince: '1.20',
  engineSince: '3.17.2',
  networkPlugin: 'azure',
  hasFloatingIp: true,
};

interface VersionStep {
  /** The first minor version of Kubernetes 1 that has it. */
  readonly sinceMinor: number;
  readonly version: string;
}

/** Newest first; the last is also what older ones have. */
const calicoVersions: readonly VersionStep[] = [
  { sinceMinor: 33, version: '3.30.0' },
  { sinceMinor: 31, version: '3.29.0' },
  { sinceMinor: 0, version: '3.28.0' },
];

const ciliumVersions: readonly VersionStep[] = [
  { sinceMinor: 36, version: '1.18.9' },
  { sinceMinor: 34, version: '1.18.6' },
  { sinceMinor: 32, version: '1.17.9' },
  { sinceMinor: 0, version: '1.16.16' },
];

const npmImage = 'mcr.microsoft.com/containernetworking/azure-npm';

/** The engine on the system under Kubernetes 1.`minor`. Undefined: it is no product, or does not run there. */
export function engineRelease(engine: EngineName, system: OperatingSystem, minor: number): EngineRelease | undefined {
  const isWindows = system === 'windows';
  if (engine === 'azure') return released(npmImage, isWindows ? '1.5.5' : '1.6.34');
  if (engine === 'calico') {
    return released(isWindows ? 'quay.io/calico/node-windows' : 'quay.io/calico/node', versionAt(calicoVersions, minor));
  }
  return engine === 'cilium' && !isWindows ? released('quay.io/cilium/cilium', versionAt(ciliumVersions, minor)) : undefined;
}

function versionAt(steps: readonly VersionStep[], minor: number): string {
  return steps.find(({ sinceMinor }) => sinceMinor <= minor)?.version ?? '';
}

function released(repository: string, version: string): EngineRelease {
  return { version, image: `${repository}:v${version}` };
}
