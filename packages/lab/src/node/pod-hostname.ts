/** What a pod is called by itself and by its own hosts file (`pkg/kubelet`, `GeneratePodHostNameAndDomain`). */
import type { Pod } from '@weir/kube';

/** Bytes that the kernel has for a host name. */
const kernelNameMax = 64;
const labelMax = 63;

/** The full name of the pod does not fit into the kernel's host name; the message is the reference's. */
export class HostnameError extends Error {
  override readonly name = 'HostnameError';
}

/** The names of a pod. */
export interface PodHostname {
  /** What `uname` says, and the variable HOSTNAME. */
  readonly hostname: string;
  /** The names of the pod's addresses in its hosts file. */
  readonly names: readonly string[];
}

/** Decides it; throws a {@link HostnameError}. `domain` is that of the cluster. */
export function podHostname({ spec, metadata }: Pod, { node, domain }: { readonly node: string; readonly domain: string }): PodHostname {
  if (spec?.hostNetwork === true) return { hostname: node, names: [node] };
  if (spec?.hostnameOverride !== undefined) return { hostname: spec.hostnameOverride, names: [spec.hostnameOverride] };
  const short = (spec?.hostname ?? metadata.name ?? 'pod').slice(0, labelMax).replace(/[.-]+$/, '');
  if ((spec?.subdomain ?? '') === '') return { hostname: short, names: [short] };
  const full = `${short}.${spec?.subdomain ?? ''}.${metadata.namespace ?? 'default'}.svc.${domain}`;
  if (spec?.setHostnameAsFQDN !== true) return { hostname: short, names: [full, short] };
  if (full.length > kernelNameMax) {
    const measure = `(${kernelNameMax} characters is the max, ${full.length} characters requested)`;
    throw new HostnameError(`Failed to construct FQDN from Pod hostname and cluster domain, FQDN ${full} is too long ${measure}`);
  }
  return { hostname: full, names: [full, short] };
}
