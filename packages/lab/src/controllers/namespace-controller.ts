/**
 * The life of a namespace: what it is born with, and how it ends.
 *
 * A new namespace gets the ServiceAccount `default` and the ConfigMap `kube-root-ca.crt`, and gets
 * them again when somebody deletes them. A namespace that is being deleted is emptied, resource by
 * resource as discovery names them, and only then loses its finalizer `kubernetes` and goes.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  configMapsPath,
  isAlreadyExists,
  isConflict,
  isNotFound,
  type KubeClient,
  namespacesPath,
  podsPath,
  type ResourcePath,
  resourceUrl,
  serviceAccountsPath,
} from '@weir/client';
import type { KubeObject, Namespace, Pod } from '@weir/kube';
import { type Controller, type ControllerContext, objectKey } from './controller.ts';
import { KeyedQueue } from './keyed-queue.ts';
import { type RemainingObjects, terminationConditions } from './namespace-conditions.ts';
import { servedResources } from './served-resources.ts';
import { apiNow } from './workloads/workload.ts';

const serviceAccountName = 'default';
const configMapName = 'kube-root-ca.crt';

/** The finalizer in `spec.finalizers` that holds a namespace until it is empty. */
const namespaceFinalizer = 'kubernetes';

/** How often a namespace that is not yet empty is looked at again, besides when one of its pods goes. */
const emptyPollMs = 250;

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** Starts the controller; `certificateAuthority` is the PEM that pods find in `kube-root-ca.crt`. */
export function startNamespaceController(context: ControllerContext, certificateAuthority: string): Controller {
  const { client, informers, log } = context;
  const serviceAccounts = informers.follow<KubeObject>(serviceAccountsPath(), {
    upsert: () => undefined,
    remove: (object) => object.metadata.name === serviceAccountName && queue.add(object.metadata.namespace ?? ''),
  });
  const touchConfigMap = (object: ConfigMap): void => {
    if (object.metadata.name === configMapName) queue.add(object.metadata.namespace ?? '');
  };
  const configMaps = informers.follow<ConfigMap>(configMapsPath(), { upsert: touchConfigMap, remove: touchConfigMap });
  const namespaces = informers.follow<Namespace>(namespacesPath, {
    upsert: (namespace) => queue.add(objectKey(namespace)),
    remove: () => undefined,
  });
  informers.follow<Pod>(podsPath(), {
    upsert: () => undefined,
    remove: (pod) => {
      const namespace = pod.metadata.namespace ?? '';
      if (namespaces.get(undefined, namespace)?.metadata.deletionTimestamp !== undefined) queue.add(namespace);
    },
  });

  const queue = new KeyedQueue({
    work: async (name) => {
      const namespace = namespaces.get(undefined, name);
      if (namespace === undefined) return;
      if (namespace.metadata.deletionTimestamp !== undefined) {
        const remaining = await emptyNamespace(client, name);
        if (remaining.length === 0) await finalizeNamespace(client, name);
        else {
          await reportRemaining(client, namespace, remaining);
          queue.addLater(name, emptyPollMs);
        }
        return;
      }
      if (serviceAccounts.get(name, serviceAccountName) === undefined) {
        await createUnlessThere(client, serviceAccountsPath(name), serviceAccount(name));
      }
      await ensureConfigMap(client, name, configMaps.get(name, configMapName), certificateAuthority);
    },
    onError: (name, error) => log.warn({ namespace: name, error: String(error) }, 'namespace not settled yet'),
  });
  return { stop: () => queue.stop() };
}

/** What every namespace is born with; for objects that are made beside the controller, which then finds nothing to do. */
export function namespaceBirthright(namespace: string, certificateAuthority: string): readonly KubeObject[] {
  return [serviceAccount(namespace), configMap(namespace, certificateAuthority)];
}

function serviceAccount(namespace: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: serviceAccountName, namespace } };
}

function configMap(namespace: string, authority: string): ConfigMap {
  const annotations = {
    'kubernetes.io/description':
      'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc.',
  };
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: configMapName, namespace, annotations },
    data: { 'ca.crt': authority },
  };
}

async function ensureConfigMap(client: KubeClient, namespace: string, present: ConfigMap | undefined, authority: string): Promise<void> {
  const wanted = configMap(namespace, authority);
  if (present === undefined) await createUnlessThere(client, configMapsPath(namespace), wanted);
  else if (present.data?.['ca.crt'] !== authority || Object.keys(present.data).length !== 1) {
    await client.update(configMapsPath(namespace), { ...present, data: wanted.data });
  }
}

/** Creates an object; one that is there already, or a namespace that goes meanwhile, is fine. */
async function createUnlessThere(client: KubeClient, path: ResourcePath, object: ConfigMap): Promise<void> {
  try {
    await client.create(path, object);
  } catch (error) {
    if (!isAlreadyExists(error) && !isNotFound(error)) throw error;
  }
}

/** Asks for the deletion of everything in the namespace; answers what is left. */
async function emptyNamespace(client: KubeClient, namespace: string): Promise<readonly RemainingObjects[]> {
  const resources = (await servedResources(client)).filter(
    ({ namespaced, verbs }) => namespaced && verbs.includes('list') && verbs.includes('deletecollection'),
  );
  const left = await Promise.all(
    resources.map(async ({ group, version, resource }) => {
      const path = { group, version, resource, namespace };
      const before = await client.list(path, { limit: 1 });
      if (before.items.length === 0) return { resource, group, objects: [] };
      await client.request('DELETE', resourceUrl(path));
      return { resource, group, objects: (await client.list(path)).items };
    }),
  );
  return left.filter(({ objects }) => objects.length > 0);
}

/** Says in the namespace's status what holds it, when that is news. */
async function reportRemaining(client: KubeClient, namespace: Namespace, remaining: readonly RemainingObjects[]): Promise<void> {
  const { name = '', uid } = namespace.metadata;
  const present = namespace.status?.conditions ?? [];
  const conditions = terminationConditions(remaining, present, apiNow());
  if (isDeepStrictEqual(conditions, present)) return;
  try {
    await client.patch(namespacesPath, name, { metadata: { uid }, status: { conditions } }, { type: 'merge', subresource: 'status' });
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}

async function finalizeNamespace(client: KubeClient, name: string): Promise<void> {
  try {
    const namespace = await client.get<Namespace>(namespacesPath, name);
    const finalizers = (namespace.spec?.finalizers ?? []).filter((finalizer) => finalizer !== namespaceFinalizer);
    await client.update(namespacesPath, { ...namespace, spec: { ...namespace.spec, finalizers } }, { subresource: 'finalize' });
  } catch (error) {
    // Gone already, or changed meanwhile: in the second case the change brings the key back.
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
