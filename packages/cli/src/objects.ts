/**
 * Where the analysis commands get their objects: manifests (`--manifests`), a cluster by its
 * kubeconfig, or a cluster of the lab.
 */
import {
  ApiError,
  endpointSlicesPath,
  ingressesPath,
  isForbidden,
  isNotFound,
  KubeClient,
  KubeconfigError,
  loadKubeconfig,
  namespacesPath,
  nodesPath,
  podsPath,
  type ResourcePath,
  serviceAccountsPath,
  servicesPath,
  TransportError,
} from '@weir/client';
import { type Diagnostic, formatDiagnostic, type KubeObject } from '@weir/kube';
import type { EngineName } from '@weir/model';
import { type Address, type AddressRange, parseAddress, rangesOfBlocks } from '@weir/net';
import { loadSnapshot, type PlacedObject, withNamespace } from '@weir/snapshot';
import { chooseKubeconfig } from './cluster-source.ts';
import type { OptionValues } from './command.ts';
import { CommandError, exitCode, usageError } from './exit-code.ts';
import { type ManifestObjects, readManifestPaths } from './manifest-files.ts';
import { readPolicyObjects } from './policy-objects.ts';
import { chosenReading } from './source-options.ts';

/** Objects, and what is known besides them. */
export interface ObjectSource {
  readonly objects: readonly (KubeObject | PlacedObject)[];
  /** Host names of the lab's external hosts, with their addresses. */
  readonly hosts: ReadonlyMap<string, readonly Address[]>;
  /** The cluster of the lab that the objects came from. */
  readonly labCluster?: string;
  /** The engine that the cluster behaves like, where that is known. */
  readonly engine?: EngineName;
  /** Whether its agents on Windows enforce by other means what Windows lacks, where that is known. */
  readonly expandsUnsupported?: boolean;
  /** Where its services have their addresses, where that is known. */
  readonly serviceRanges?: readonly AddressRange[];
  /** What people should know of it, one sentence each. */
  readonly notices: readonly string[];
  /** The one of the notices that names files that never held objects: of no weight for an answer. */
  readonly passedOver?: string;
}

/** Reads the objects; throws a CommandError when that is not possible. */
export async function readObjects(options: OptionValues): Promise<ObjectSource> {
  const manifests = options.list('manifests');
  const unread = ['context', 'kubeconfig'].find((option) => options.text(option) !== undefined);
  if (manifests.length > 0 && unread !== undefined)
    throw usageError(`--manifests are read instead of a cluster: leave them out, or --${unread}`);
  if (manifests.length > 0) return fromManifests(readManifestPaths(manifests, { strict: options.flag('strict') }), options);
  const { file, cluster } = await chooseKubeconfig(options);
  const objects = await readCluster(file, options.text('context'));
  if (cluster === undefined) return { objects, hosts: new Map(), notices: [] };
  const { readClusterConfig } = await import('@weir/lab');
  const { engine, windowsExpandUnsupported: expandsUnsupported = false, network } = (await readClusterConfig(cluster)) ?? {};
  const notices = engine === 'none' ? [`cluster "${cluster}" has no policy engine: its policies are stored and not enforced`] : [];
  return {
    objects,
    hosts: await hostsOf(cluster),
    labCluster: cluster,
    notices,
    expandsUnsupported,
    serviceRanges: rangesOfBlocks(network?.serviceCidrs ?? []),
    ...(engine === undefined || engine === 'none' ? {} : { engine }),
  };
}

/** Manifests that were read, as the options say; throws a CommandError. */
export function fromManifests({ objects, diagnostics, notices, passedOver }: ManifestObjects, options: OptionValues): ObjectSource {
  const placed = withNamespace(objects, options.text('default-namespace'));
  if (options.flag('strict')) refuseErrors(loadSnapshot(placed, chosenReading(options, {})).diagnostics);
  return {
    objects: placed,
    hosts: new Map(),
    notices: [...diagnostics.map(formatDiagnostic), ...notices],
    ...(passedOver === undefined ? {} : { passedOver }),
  };
}

/** With `--strict` what cannot be read as it stands ends the command, a policy that is refused too. */
function refuseErrors(diagnostics: readonly Diagnostic[]): void {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw usageError(errors.map(formatDiagnostic).join('\n      '));
}

async function readCluster(kubeconfig: string, context: string | undefined): Promise<readonly KubeObject[]> {
  try {
    const client = new KubeClient(await loadKubeconfig(kubeconfig, context));
    const read = (path: ResourcePath): Promise<readonly KubeObject[]> => client.list(path).then((list) => list.items);
    const paths = [namespacesPath, nodesPath, podsPath(), servicesPath(), endpointSlicesPath()];
    try {
      const [policies, ...others] = await Promise.all([readPolicyObjects(client), ...paths.map(read)]);
      // Kubernetes' own policies do not select by them, and not everybody may read them.
      const areSelectedBy = policies.some(({ kind, apiVersion }) => kind !== 'NetworkPolicy' || apiVersion !== 'networking.k8s.io/v1');
      const entries = await Promise.all(entryPaths.map((path) => read(path).catch(noneWhereRefused)));
      return [...policies, ...others.flat(), ...entries.flat(), ...(areSelectedBy ? await read(serviceAccountsPath()) : [])];
    } finally {
      client.close();
    }
  } catch (error) {
    if (error instanceof KubeconfigError) throw usageError(error.message);
    if (error instanceof ApiError || error instanceof TransportError) throw new CommandError(exitCode.unable, error.message);
    throw error;
  }
}

/** Where connections come in; what a cluster does not know is left out. */
const entryPaths: readonly ResourcePath[] = [
  ingressesPath,
  { group: 'gateway.networking.k8s.io', version: 'v1', resource: 'httproutes' },
  { group: 'gateway.networking.k8s.io', version: 'v1', resource: 'grpcroutes' },
  { group: 'route.openshift.io', version: 'v1', resource: 'routes' },
];

/** No verdict depends on Ingresses and routes: whoever may not read them is answered all the same. */
function noneWhereRefused(error: unknown): readonly KubeObject[] {
  if (isForbidden(error) || isNotFound(error)) return [];
  throw error;
}

async function hostsOf(cluster: string): Promise<ReadonlyMap<string, readonly Address[]>> {
  const { listHosts } = await import('@weir/lab');
  const hosts = await listHosts(cluster);
  return new Map(hosts.map(({ name, addresses }) => [name, addresses.map(parseAddress).filter((address) => address !== undefined)]));
}
