/** The systems that Windows node pools run (reference §2.2, §2.3): which Kubernetes versions have each, and its image. */
import { parseVersion } from './kubernetes-versions.ts';

/** A system by its name in `osSKU`. */
export interface WindowsSystem {
  readonly osSKU: string;
  /** As a node says it. */
  readonly osImage: string;
  /** The image that new nodes begin with; in the middle the build of Windows and its update. */
  readonly nodeImage: string;
  /** The first minor version of Kubernetes that has no nodes with it any more. */
  readonly untilMinor?: number;
}

export const windowsSystems: readonly WindowsSystem[] = [
  {
    osSKU: 'Windows2019',
    osImage: 'Windows Server 2019 Datacenter',
    nodeImage: 'AKSWindows-2019-containerd-17763.8027.261101',
    untilMinor: 33,
  },
  {
    osSKU: 'Windows2022',
    osImage: 'Windows Server 2022 Datacenter',
    nodeImage: 'AKSWindows-2022-containerd-20348.2966.261101',
    untilMinor: 37,
  },
  { osSKU: 'Windows2025', osImage: 'Windows Server 2025 Datacenter', nodeImage: 'AKSWindows-2025-containerd-26100.6905.261101' },
];

/** The minor version from which a pool that names no system runs Windows Server 2025; the sources also know 1.36. */
const defaultsTo2025FromMinor = 37;

/** The system that a pool runs when nothing is said. */
export function defaultWindowsSku(kubernetesVersion: string): string {
  return (parseVersion(kubernetesVersion)?.minor ?? 0) >= defaultsTo2025FromMinor ? 'Windows2025' : 'Windows2022';
}

/** The system of that name; undefined when there is none. */
export function windowsSystem(osSKU: string): WindowsSystem | undefined {
  return windowsSystems.find((system) => system.osSKU === osSKU);
}

/** `10.0.20348.2966` for the image `AKSWindows-2022-containerd-20348.2966.261101`. */
export function windowsKernelVersion(nodeImage: string): string {
  const [, build = '0', update = '0'] = /-(\d+)\.(\d+)\.\d+$/.exec(nodeImage) ?? [];
  return `10.0.${build}.${update}`;
}
