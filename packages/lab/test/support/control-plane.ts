/** An API server with scheduler and controllers, without nodes' processes: tests play the kubelets. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApiServer } from '@weir/apiserver';
import { Informer, isConflict, isNotFound, KubeClient, namespacesPath, nodesPath, podsPath } from '@weir/client';
import type { Namespace, Node, Pod } from '@weir/kube';
import { pino } from 'pino';
import { vi } from 'vitest';
import { calicoForms } from '../../src/calico/calico-forms.ts';
import { bootstrapCluster } from '../../src/control-plane/bootstrap.ts';
import { type ControlPlaneParty, controlPlaneClient } from '../../src/control-plane/control-plane-client.ts';
import { labRoles } from '../../src/control-plane/lab-roles.ts';
import { startControllers } from '../../src/control-plane/start-controllers.ts';
import { usualNetwork } from '../../src/index.ts';
import { renewNodeLease } from '../../src/node/node-lease.ts';
import { ClusterPki } from '../../src/pki/cluster-pki.ts';

/** A running control plane. */
export interface ControlPlane {
  readonly client: KubeClient;
  /** PEM of the cluster's certificate authority. */
  readonly authority: string;
  /** Handles of the volumes whose data was to be removed. */
  readonly removedVolumes: readonly string[];
  stop(): Promise<void>;
}

/** Retries until the check passes, 15 s at most. */
export const eventually = (check: () => Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 15_000, interval: 20 });

/** Starts one with the nodes node1 and node2, which are ready. */
export async function startControlPlane(): Promise<ControlPlane> {
  const directory = await mkdtemp(join(tmpdir(), 'weirt-cp-'));
  const pki = await ClusterPki.open(join(directory, 'pki'), 'test');
  const serving = await pki.serverPair([]);
  const authority = pki.authority.certificate;
  const server = await startApiServer({
    dataDirectory: join(directory, 'store'),
    tls: { ...serving, clientCa: authority },
    listen: [{ host: '127.0.0.1', port: 0 }],
    serviceCidrs: ['10.0.0.0/16'],
    nodeSocket: () => undefined,
    version: 'v1.35.2',
    otherForms: calicoForms,
    // As in a cluster: whatever a controller does without the right to do it fails here too.
    roles: labRoles,
  });
  const { certificate, key } = await pki.pair('admin');
  const url = server.urls[0] ?? '';
  const client = new KubeClient({ server: url, certificateAuthority: authority, clientCertificate: certificate, clientKey: key });
  const ownClient = (party: ControlPlaneParty): KubeClient => controlPlaneClient(server.answer, party, url);
  const [bootstrap, own, scheduler] = [ownClient('bootstrap'), ownClient('controllers'), ownClient('scheduler')];
  await bootstrapCluster(bootstrap, usualNetwork(false));
  const log = pino({ level: process.env['WEIR_TEST_LOG'] ?? 'silent' });
  const removedVolumes: string[] = [];
  const removeVolume = async (handle: string): Promise<void> => void removedVolumes.push(handle);
  const controllers = await startControllers({ client: own, scheduler, certificateAuthority: authority, removeVolume, log });
  const nodes = [await addNode(client, 'node1'), await addNode(client, 'node2')];
  // Nodes that say nothing are lost.
  const heartbeat = setInterval(() => {
    for (const node of nodes) renewNodeLease(client, node).catch(() => undefined);
  }, 5_000);
  return {
    client,
    authority,
    removedVolumes,
    stop: async () => {
      clearInterval(heartbeat);
      await controllers.stop();
      for (const each of [client, bootstrap, own, scheduler]) each.close();
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A node that is ready. */
export async function addNode(client: KubeClient, name: string): Promise<Node> {
  const node = await client.create<Node>(nodesPath, {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
  });
  const status = { conditions: [{ type: 'Ready', status: 'True' }] };
  await client.patch(nodesPath, name, { status }, { type: 'merge', subresource: 'status' });
  return node;
}

/** A namespace. */
export async function makeNamespace(client: KubeClient, name: string): Promise<void> {
  await client.create<Namespace>(namespacesPath, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
}

/** What a kubelet writes of a pod; see {@link playKubelet}. */
export type PodFate = 'ready' | 'unready' | 'succeeds' | 'fails' | 'nothing';

/** Plays the kubelets of all nodes for one namespace: bound pods get the fate that the test says, deleted ones go. */
export async function playKubelet(
  client: KubeClient,
  namespace: string,
  fateOf: (pod: Pod) => PodFate = () => 'ready',
): Promise<() => Promise<void>> {
  const playing = new Set<Promise<void>>();
  const run = (pod: Pod): void => {
    const played = play(client, namespace, pod, fateOf)
      .catch((error: unknown) => {
        if (!isNotFound(error) && !isConflict(error)) throw error;
      })
      .finally(() => playing.delete(played));
    playing.add(played);
  };
  const informer = new Informer<Pod>(client, podsPath(namespace), { upsert: run, remove: () => undefined }, { onError: () => undefined });
  informer.start();
  await informer.synced;
  return async () => {
    await informer.stop();
    await Promise.all(playing);
  };
}

async function play(client: KubeClient, namespace: string, pod: Pod, fateOf: (pod: Pod) => PodFate): Promise<void> {
  const { name = '', deletionTimestamp, uid } = pod.metadata;
  if ((pod.spec?.nodeName ?? '') === '') return;
  if (deletionTimestamp !== undefined) {
    if ((pod.metadata.deletionGracePeriodSeconds ?? 0) > 0) {
      await client.delete(podsPath(namespace), name, { gracePeriodSeconds: 0, ...(uid === undefined ? {} : { preconditions: { uid } }) });
    }
    return;
  }
  if (pod.status?.phase !== undefined && pod.status.phase !== 'Pending') return;
  const fate = fateOf(pod);
  if (fate === 'nothing') return;
  const phase = { ready: 'Running', unready: 'Running', succeeds: 'Succeeded', fails: 'Failed' }[fate];
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const exitCode = fate === 'fails' ? 3 : 0;
  const terminated = { exitCode, finishedAt: now, startedAt: now, reason: exitCode === 0 ? 'Completed' : 'Error' };
  const containerStatuses = pod.spec?.containers.map((container) => ({
    name: container.name,
    image: container.image,
    imageID: '',
    restartCount: 0,
    ready: fate === 'ready',
    state: phase === 'Running' ? { running: { startedAt: now } } : { terminated },
  }));
  const conditions = [{ type: 'Ready', status: fate === 'ready' ? 'True' : 'False', lastTransitionTime: now }];
  const status = { phase, podIP: '10.224.1.9', podIPs: [{ ip: '10.224.1.9' }], containerStatuses, conditions };
  await client.patch(podsPath(namespace), name, { metadata: { uid }, status }, { type: 'strategic', subresource: 'status' });
}
