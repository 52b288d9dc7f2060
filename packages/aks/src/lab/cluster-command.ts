/**
 * A command in a pod of a cluster, as `az aks command invoke` runs it: in the namespace `aks-command`, as an
 * administrator of the cluster, with kubectl and helm at hand and the files that came with it in the working directory.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  isAlreadyExists,
  isNotFound,
  KubeClient,
  loadKubeconfig,
  namespacesPath,
  podsPath,
  secretsPath,
  serviceAccountsPath,
} from '@weir/client';
import type { KubeObject, Pod } from '@weir/kube';
import type { CommandOutcome, CommandWish } from '../clusters/cluster-host.ts';
import { exitCodeOf, waitingReason } from './command-end.ts';

const namespace = 'aks-command';
const account = 'command';
const image = 'mcr.microsoft.com/aks/command/runtime:master.weir';
const filesDirectory = '/command-files';
/** Where the image has its tools. */
const path = '/opt/tools:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** As much as AKS shows of what a command says. */
const logBytesMax = 512 * 1024;
/** A command that runs longer is ended. */
const runSecondsMax = 1_800;
/** A pod that does not start by then will not. */
const startMs = 120_000;

/**
 * Runs it to its end and takes its pod away, and those of commands that are not among the `running` ones: whoever ran
 * them has died. Rejects with the reason when it could not be run.
 */
export async function runClusterCommand(kubeconfig: string, wish: CommandWish, running: ReadonlySet<string>): Promise<CommandOutcome> {
  const client = new KubeClient(await loadKubeconfig(kubeconfig), { userAgent: 'weir-arm' });
  const name = nameOf(wish.id);
  try {
    await prepare(client);
    await removeLeftOver(client, running);
    await client.create(secretsPath(namespace), filesOf(name, wish));
    await client.create(podsPath(namespace), podOf(name, wish));
    const exitCode = await ended(client, name);
    const logs = await client.requestText('GET', `/api/v1/namespaces/${namespace}/pods/${name}/log`, {
      query: { limitBytes: logBytesMax },
    });
    return { exitCode, logs };
  } finally {
    await Promise.all([removePod(client, name), gone(client.delete(secretsPath(namespace), name))]);
    client.close();
  }
}

function nameOf(id: string): string {
  return `command-${id}`;
}

async function removePod(client: KubeClient, name: string): Promise<void> {
  await gone(client.delete(podsPath(namespace), name, { gracePeriodSeconds: 0 }));
}

async function removeLeftOver(client: KubeClient, running: ReadonlySet<string>): Promise<void> {
  const kept = new Set([...running].map(nameOf));
  const isLeft = ({ metadata }: KubeObject): boolean => metadata.name?.startsWith(nameOf('')) === true && !kept.has(metadata.name);
  const [pods, secrets] = await Promise.all([client.list<Pod>(podsPath(namespace)), client.list<KubeObject>(secretsPath(namespace))]);
  await Promise.all([
    ...pods.items.filter(isLeft).map(({ metadata }) => removePod(client, metadata.name ?? '')),
    ...secrets.items.filter(isLeft).map(({ metadata }) => gone(client.delete(secretsPath(namespace), metadata.name ?? ''))),
  ]);
}

/** What all commands of a cluster have in common; it stays. */
async function prepare(client: KubeClient): Promise<void> {
  const authorization = 'rbac.authorization.k8s.io';
  const binding: KubeObject = {
    apiVersion: `${authorization}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: namespace },
    roleRef: { apiGroup: authorization, kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', namespace, name: account }],
  } as KubeObject;
  await made(client.create(namespacesPath, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }));
  await made(client.create(serviceAccountsPath(namespace), { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account } }));
  await made(client.create({ group: authorization, version: 'v1', resource: 'clusterrolebindings' }, binding));
}

/** The keys are numbers, because names of files have characters that keys may not have. */
function filesOf(name: string, { files }: CommandWish): KubeObject {
  const data = Object.fromEntries(files.map(({ content }, index) => [`file-${index}`, Buffer.from(content).toString('base64')]));
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, type: 'Opaque', data } as KubeObject;
}

function podOf(name: string, { command, files }: CommandWish): Pod {
  const items = files.map(({ name: file }, index) => ({ key: `file-${index}`, path: file.replace(/^(\.\/)+/, '') }));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'aks-command' } },
    spec: {
      restartPolicy: 'Never',
      activeDeadlineSeconds: runSecondsMax,
      serviceAccountName: account,
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      containers: [
        {
          name: 'command',
          image,
          command: ['/bin/bash', '-c', command],
          workingDir: filesDirectory,
          env: [{ name: 'PATH', value: path }],
          volumeMounts: [{ name: 'files', mountPath: filesDirectory }],
        },
      ],
      volumes: [
        { name: 'files', ...(files.length === 0 ? { emptyDir: {} } : { secret: { secretName: name, items, defaultMode: 0o755 } }) },
      ],
    },
  };
}

/** The exit code of its program. */
async function ended(client: KubeClient, name: string): Promise<number> {
  for (const startBy = Date.now() + startMs; ; await sleep(100)) {
    const pod = await client.get<Pod>(podsPath(namespace), name);
    const exitCode = exitCodeOf(pod);
    if (exitCode !== undefined) return exitCode;
    if (pod.status?.containerStatuses?.[0]?.state?.running === undefined && Date.now() > startBy) {
      throw new Error(`the pod of the command did not start in ${startMs / 1_000} s: ${waitingReason(pod)}`);
    }
  }
}

async function made(creation: Promise<unknown>): Promise<void> {
  await creation.catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error;
  });
}

async function gone(deletion: Promise<unknown>): Promise<void> {
  await deletion.catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
  });
}
