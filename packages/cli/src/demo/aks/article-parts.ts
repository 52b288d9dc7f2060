/** The parts of the article, each on a cluster of its own, as a person would do them one after another. */
import { typedStep } from '../command-shell.ts';
import {
  applyPolicy,
  connect,
  createNamespace,
  createPods,
  deleteNamespace,
  explainFlow,
  labelClient,
  leaveClient,
  type PodJourney,
  putPolicy,
  unlabelClient,
} from '../pod-journey.ts';
import { mustPrint, type StepResult } from '../step.ts';
import type { Transcript } from '../transcript.ts';
import type { AksWindow } from './aks-scene.ts';
import { readUnsupported, refuseTooManyNodes } from './limits.ts';
import {
  type ArticleEngine,
  type AzAbilities,
  addWindowsPool,
  changeEngine,
  createCiliumCluster,
  createCluster,
  deleteCalicoDefinitions,
  deleteCluster,
  getCredentials,
  keepCalicoDefinitions,
  lookAtProtection,
  type ManagedCluster,
  readWindowsUser,
  setVariables,
} from './managed-cluster.ts';

/** What a part works with. */
export interface PartSurroundings {
  readonly transcript: Transcript;
  readonly window: AksWindow;
  readonly abilities: AzAbilities;
  readonly signal: AbortSignal;
}

/** One part. */
export interface ArticlePart {
  readonly title: string;
  readonly engine: ArticleEngine;
  /** The cluster that it makes; those of all parts are in one group at the same time. */
  readonly cluster: string;
  /** Whether the article wants the extension aks-preview for it. */
  readonly isPreview?: boolean;
  run(cluster: ManagedCluster, journey: PodJourney): Promise<void>;
}

/** All of them. */
export const articleParts: readonly ArticlePart[] = [
  {
    title: 'Azure Network Policy Manager on Linux, and the upgrade to Cilium',
    engine: 'azure',
    cluster: 'myAKSCluster',
    run: async (cluster, journey) => {
      await createCluster(cluster, { engine: 'azure', forWindows: false });
      await getCredentials(cluster);
      await createNamespace(journey);
      await walk(journey, { on: 'linux', asksWhy: true });
      await refuseTooManyNodes(cluster);
      cluster.transcript.heading('From Azure Network Policy Manager to Cilium: all nodes are re-imaged, the policy stays');
      await changeEngine(cluster, 'cilium', 'weir az');
      await lookAtProtection(cluster);
      await walkAgain(journey, 'TIMEOUT');
      await deleteNamespace(journey);
    },
  },
  {
    title: 'Azure Network Policy Manager on Windows Server 2022 (preview), and its uninstallation',
    engine: 'azure',
    cluster: 'myAKSCluster-windows',
    isPreview: true,
    run: async (cluster, journey) => {
      await registerFeature(cluster);
      await readWindowsUser(cluster);
      await createCluster(cluster, { engine: 'azure', forWindows: true });
      await addWindowsPool(cluster);
      await getCredentials(cluster, ['aksnpwin000000']);
      await createNamespace(journey);
      await walk(journey, { on: 'windows' });
      await readUnsupported(cluster);
      cluster.transcript.heading('Without an engine: all nodes are re-imaged, the policy stays and is not enforced');
      await changeEngine(cluster, 'none', 'az rest');
      await walkAgain({ ...journey, system: 'windows' }, 'talks');
      cluster.transcript.heading(
        'Azure Network Policy Manager in an existing cluster: all nodes are re-imaged, the policy is enforced again',
      );
      await changeEngine(cluster, 'azure', 'weir az');
      await walkAgain({ ...journey, system: 'windows' }, 'TIMEOUT');
      await deleteNamespace(journey);
    },
  },
  {
    title: 'Calico, on Linux and on Windows',
    engine: 'calico',
    cluster: 'myAKSCluster-calico',
    run: async (cluster, journey) => {
      await readWindowsUser(cluster);
      await createCluster(cluster, { engine: 'calico', forWindows: true });
      await addWindowsPool(cluster);
      await getCredentials(cluster, ['aksnpwin000000']);
      await createNamespace(journey);
      await walk(journey, { on: 'linux' });
      await mustDo(journey, 'kubectl delete networkpolicy demo-policy -n demo');
      await walk(journey, { on: 'windows' });
      await deleteNamespace(journey);
    },
  },
  {
    title: 'Calico in an existing cluster, its uninstallation (preview), and Cilium after it',
    engine: 'calico',
    cluster: 'myAKSCluster-existing',
    run: async (cluster, journey) => {
      await createCluster(cluster, { engine: 'none', forWindows: false });
      await getCredentials(cluster);
      await createNamespace(journey);
      cluster.transcript.heading('Without an engine: the policy is there and not enforced');
      await putPolicy(journey);
      await walkAgain(journey, 'talks');
      cluster.transcript.heading('Calico is installed: all nodes are re-imaged, the policy is enforced');
      await changeEngine(cluster, 'calico', 'weir az');
      await lookAtProtection(cluster);
      await walkAgain(journey, 'TIMEOUT');
      await keepCalicoDefinitions(cluster);
      cluster.transcript.heading('Calico is uninstalled: its definitions stay until they are deleted by hand');
      await changeEngine(cluster, 'none', 'az rest');
      await deleteCalicoDefinitions(cluster);
      cluster.transcript.heading('Cilium is installed: the policy, which was there all the time, is enforced again');
      await changeEngine(cluster, 'cilium', 'weir az');
      await walkAgain(journey, 'TIMEOUT');
      await deleteNamespace(journey);
    },
  },
  {
    title: 'Cilium',
    engine: 'cilium',
    cluster: 'myAKSCluster-cilium',
    run: async (cluster, journey) => {
      await createCiliumCluster(cluster);
      await getCredentials(cluster);
      await createNamespace(journey);
      await walk(journey, { on: 'linux' });
      await deleteNamespace(journey);
    },
  },
];

/** Runs one part, from its variables to the end of its cluster. */
export async function runPart(part: ArticlePart, { transcript, window, abilities, signal }: PartSurroundings): Promise<void> {
  const cluster: ManagedCluster = { transcript, shell: window.shell, abilities, name: part.cluster };
  transcript.heading(`=== ${part.title} ===`);
  await setVariables(cluster);
  await part.run(cluster, { transcript, ...window, signal });
  await deleteCluster(cluster);
}

/** The article's walk on one kind of node, from pods that talk to pods that do, and none that are left. */
async function walk(journey: PodJourney, { on, asksWhy = false }: { on: 'linux' | 'windows'; asksWhy?: boolean }): Promise<void> {
  const { transcript } = journey;
  transcript.heading(`Two pods on a ${on === 'linux' ? 'Linux' : 'Windows'} node`);
  const placed: PodJourney = { ...journey, system: on };
  const pods = await createPods(placed);
  try {
    await applyPolicy(placed, pods);
    if (asksWhy) await explainFlow(placed);
    await labelClient(placed, pods);
    await unlabelClient(placed, pods);
    await leaveClient(placed, pods);
  } finally {
    await pods.client.close();
  }
  await deletePods(journey);
}

/** Pods anew, under the policy that is still there, or under nothing that enforces it. */
async function walkAgain(journey: PodJourney, outcome: 'talks' | 'TIMEOUT'): Promise<void> {
  const { transcript, shell } = journey;
  const policies = await transcript.step(
    typedStep(shell, 'kubectl get networkpolicy -n demo -o name', { differs: mustPrint('networkpolicy.networking.k8s.io/demo-policy') }),
  );
  const pods = await createPods(journey);
  try {
    await connect(journey, pods, { outcome, after: policies });
    if (outcome === 'TIMEOUT') await labelClient(journey, pods);
    await leaveClient(journey, pods);
  } finally {
    await pods.client.close();
  }
  await deletePods(journey);
}

/** The article leaves them to the namespace, whose end waits 30 s for programs that do not end when they are asked to. */
async function deletePods(journey: PodJourney): Promise<void> {
  await mustDo(journey, 'kubectl delete pod client server -n demo --now --ignore-not-found');
}

async function mustDo({ transcript, shell }: PodJourney, command: string): Promise<void> {
  await transcript.step(typedStep(shell, command));
}

/** The flow of a preview feature: asked for, waited for, and the provider registered again. */
async function registerFeature({ transcript, shell }: ManagedCluster): Promise<void> {
  const feature = '--namespace "Microsoft.ContainerService" --name "WindowsNetworkPolicyPreview"';
  await transcript.step(typedStep(shell, `az feature register ${feature}`));
  const show = `az feature show ${feature}`;
  await transcript.step({
    command: show,
    patience: 'the feature is being registered',
    run: async () => {
      for (const deadlineMs = Date.now() + 60_000; ; ) {
        const shown = await shell.run(show);
        if (isRegistered(shown) || Date.now() > deadlineMs) return shown;
      }
    },
    differs: (shown) => (isRegistered(shown) ? undefined : 'the feature is not registered after a minute'),
  });
  await transcript.step(typedStep(shell, 'az provider register --namespace Microsoft.ContainerService'));
}

function isRegistered({ output }: StepResult): boolean {
  return /"state": "Registered"/.test(output);
}
