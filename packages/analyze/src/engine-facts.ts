/**
 * What AKS ships as its engines, and until when: versions by Kubernetes version, what the article says of
 * Calico on Windows, retirements, and the ways from one engine to another.
 *
 * Sources: MicrosoftDocs/azure-aks-docs (use-network-policies, azure-cni-powered-by-cilium,
 * supported-kubernetes-versions, migrate-from-npm-to-cilium-network-policy) and the change log of AKS, August 2026.
 */
import { calicoOnWindows, type EngineName, engineRelease } from '@weir/model';
import type { EngineRow } from './engine-row.ts';

/** The minor versions of Kubernetes that AKS has, the first to the last. */
const minors = [30, 31, 32, 33, 34, 35, 36] as const;

/** The rows of facts. */
export const factRows: readonly EngineRow[] = [
  {
    feature: 'Version that ships',
    source: 'documentation',
    azure: `${versionOf('azure', 36)}; ${engineRelease('azure', 'windows', 36)?.version ?? ''} on Windows`,
    calico: versionsByKubernetes('calico'),
    cilium: versionsByKubernetes('cilium'),
    weir: 'the lab names it as the image of the engine; what Weir enforces is one, whatever the version',
  },
  {
    feature: 'Windows nodes, in the article',
    source: 'article',
    azure: 'Windows Server 2022 with the feature WindowsNetworkPolicyPreview',
    calico:
      `Kubernetes ${calicoOnWindows.kubernetesSince} or newer with Calico ${calicoOnWindows.engineSince}, Azure CNI only; ` +
      `Windows nodes ${calicoOnWindows.hasFloatingIp ? 'have' : 'do not have'} Floating IP by default`,
    cilium: 'none',
    weir: 'rules for node pools as in AKS; no load balancer of Windows behind them',
  },
  {
    feature: 'Retirement',
    source: 'documentation',
    azure: 'Windows 30 September 2026, Linux 30 September 2028',
    calico: 'none; kubenet 31 March 2028; Windows Server 2019 since 1 March 2026, 2022 on 30 June 2028',
    cilium: 'none announced',
    weir: 'weir migrate says what changes with another engine, and rehearses it',
  },
  {
    feature: 'Changed on a running cluster',
    source: 'documentation',
    azure: 'to Cilium, or to none and from there to Calico',
    calico: 'to Cilium, or to none and from there to Azure NPM',
    cilium: 'not to another engine',
    weir: 'the same in az-login clusters, with the unprotected time measured',
  },
];

function versionOf(engine: EngineName, minor: number): string {
  return engineRelease(engine, 'linux', minor)?.version ?? '';
}

/** `3.28.0 (Kubernetes 1.30), 3.29.0 (1.31 and 1.32), 3.30.0 (from 1.33)`, by the first minor that has each. */
function versionsByKubernetes(engine: EngineName): string {
  const firsts = minors.filter((minor, i) => versionOf(engine, minor) !== versionOf(engine, minors[i - 1] ?? 0) || i === 0);
  return firsts.map((minor) => `${versionOf(engine, minor)} from Kubernetes 1.${minor}`).join(', ');
}
