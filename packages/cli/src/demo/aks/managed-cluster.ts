/** What the article does with a managed cluster: made, given Windows nodes, credentials, another engine, and removed. */
import { randomBytes } from 'node:crypto';
import { type CommandShell, typedStep } from '../command-shell.ts';
import { mustPrint, mustSucceed, type Step, type StepResult } from '../step.ts';
import type { Transcript } from '../transcript.ts';

/** Engines that a cluster of the article has. */
export type ArticleEngine = 'azure' | 'calico' | 'cilium';

/** What the programs at hand can do. */
export interface AzAbilities {
  /** Whether `az aks update` takes --network-policy, and `az aks create` --network-dataplane (az 2.63 and later). */
  readonly changesEngines: boolean;
}

/** Where and for whom the steps are done. */
export interface ManagedCluster {
  readonly transcript: Transcript;
  readonly shell: CommandShell;
  readonly abilities: AzAbilities;
  /** The value of CLUSTER_NAME. */
  readonly name: string;
}

const named = '--resource-group $RESOURCE_GROUP_NAME \\\n    --name $CLUSTER_NAME';
const id =
  '/subscriptions/{subscriptionId}/resourceGroups/$RESOURCE_GROUP_NAME/providers/Microsoft.ContainerService/managedClusters/$CLUSTER_NAME';
const url = `"${id}?api-version=2025-03-01"`;

/** Sets the article's variables. */
export async function setVariables({ transcript, shell, name }: ManagedCluster): Promise<void> {
  const values = ['RESOURCE_GROUP_NAME=myResourceGroup-NP', `CLUSTER_NAME=${name}`, 'LOCATION=canadaeast'];
  await transcript.step(
    typedStep(shell, values.join('\n'), {
      correction: {
        printed: '$RESOURCE_GROUP_NAME=myResourceGroup-NP',
        because: 'which bash takes for a command, as it does the lines after it',
      },
    }),
  );
}

/** Asks for the name of the Windows administrator, as the article does. */
export async function readWindowsUser({ transcript, shell }: ManagedCluster): Promise<void> {
  await transcript.step(
    typedStep(
      shell,
      'echo "Please enter the username to use as administrator credentials for Windows Server containers on your cluster: " && read WINDOWS_USERNAME',
      {},
      [{ question: /on your cluster: \n$/, text: 'myWindowsUserName' }],
    ),
  );
}

/**
 * `az aks create` as the article has it; with Windows, az asks for the administrator's password. Without an engine it is
 * what the article calls an existing cluster.
 */
export async function createCluster(
  { transcript, shell }: ManagedCluster,
  { engine, forWindows }: { readonly engine: ArticleEngine | 'none'; readonly forWindows: boolean },
): Promise<void> {
  const policy = engine === 'none' ? '' : `\n    --network-policy ${engine} \\`;
  const user = forWindows ? '\n    --windows-admin-username $WINDOWS_USERNAME \\' : '';
  const command = `az aks create \\
    --resource-group $RESOURCE_GROUP_NAME \\
    --name $CLUSTER_NAME \\
    --node-count 1 \\${user}
    --network-plugin azure \\${policy}
    --generate-ssh-keys`;
  // Long enough, of all four kinds, and known to nobody.
  const password = `Aa1!${randomBytes(12).toString('base64url')}`;
  const answers = forWindows ? [/admin-password: $/, /Confirm [^\n]*: $/].map((question) => ({ question, text: password })) : [];
  await transcript.step(
    typedStep(
      shell,
      command,
      {
        differs: mustBe(engine),
        correction: { printed: 'az aks create', because: 'without --generate-ssh-keys, which az needs where there is no key yet' },
      },
      answers,
    ),
  );
}

/** A cluster with Cilium: the article leaves its making to another page. */
export async function createCiliumCluster({ transcript, shell, abilities }: ManagedCluster): Promise<void> {
  const program = abilities.changesEngines ? 'az' : 'weir az';
  const command = `${program} aks create \\\n    ${named} \\\n    --node-count 1 \\\n    --network-plugin azure \\\n    --network-dataplane cilium \\\n    --generate-ssh-keys`;
  await transcript.step(
    typedStep(shell, command, { differs: mustBe('cilium'), ...lacksOption(abilities, 'az aks create', '--network-dataplane cilium') }),
  );
}

/** Fetches credentials, and looks at the nodes: one of the first pool, and `others` by their names. */
export async function getCredentials({ transcript, shell, name }: ManagedCluster, others: readonly string[] = []): Promise<void> {
  await transcript.step(
    typedStep(shell, 'az aks get-credentials --resource-group $RESOURCE_GROUP_NAME --name $CLUSTER_NAME', {
      differs: (result) =>
        result.output.includes(`Merged "${name}" as current context`) ? mustSucceed(result) : 'the context is not merged',
    }),
  );
  await lookAtNodes({ transcript, shell }, ['aks-nodepool1-', ...others]);
}

/** Adds the article's Windows pool. */
export async function addWindowsPool({ transcript, shell }: ManagedCluster): Promise<void> {
  const command =
    'az aks nodepool add \\\n    --resource-group $RESOURCE_GROUP_NAME \\\n    --cluster-name $CLUSTER_NAME \\\n    --os-type Windows \\\n    --name npwin \\\n    --node-count 1';
  await transcript.step(typedStep(shell, command, { differs: succeeded }));
}

/** `az aks update`, or, where az does not have the option, another program or request in its place. All nodes are re-imaged. */
export async function changeEngine(
  cluster: ManagedCluster,
  engine: ArticleEngine | 'none',
  inItsPlace: 'az rest' | 'weir az',
): Promise<void> {
  const { transcript, shell, abilities } = cluster;
  const option = engine === 'cilium' ? '--network-dataplane cilium' : `--network-policy ${engine}`;
  if (!abilities.changesEngines && inItsPlace === 'az rest')
    return sendEngine(cluster, engine, lacksOption(abilities, 'az aks update', option));
  const program = abilities.changesEngines ? 'az' : inItsPlace;
  const correction = { printed: 'az aks update', because: 'without the \\ at the end of the line' };
  const more = abilities.changesEngines ? { correction } : lacksOption(abilities, 'az aks update', option);
  await transcript.step(typedStep(shell, `${program} aks update \\\n    ${named} \\\n    ${option}`, { differs: mustBe(engine), ...more }));
}

/** What `az aks update` sends: the cluster as it is, with one thing changed. */
async function sendEngine({ transcript, shell }: ManagedCluster, engine: string, correction: Pick<Step, 'correction'>): Promise<void> {
  const query = `merge(@, {properties: merge(properties, {networkProfile: merge(properties.networkProfile, {networkPolicy: '${engine}'})})})`;
  await transcript.step(typedStep(shell, `az rest --method get --url ${url} --query "${query}" > cluster.json`, correction));
  await transcript.step(typedStep(shell, `az rest --method put --url ${url} --body @cluster.json --output none`));
  await transcript.step(typedStep(shell, `az aks wait \\\n    ${named} \\\n    --updated --interval 1`));
  await transcript.step(typedStep(shell, `az aks show \\\n    ${named}`, { differs: mustBe(engine) }));
}

/** How long pods of each node were without rules when an engine came. */
export async function lookAtProtection({ transcript, shell }: ManagedCluster): Promise<void> {
  const command =
    'kubectl get events -A --field-selector reason=NetworkPolicyEngine -o custom-columns=NODE:.involvedObject.name,MESSAGE:.message';
  await transcript.step(
    typedStep(shell, command, {
      differs: ({ output }) => (/unprotected for \d+ ms/.test(output) ? undefined : 'nothing says how long pods were unprotected'),
    }),
  );
}

const calicoDefinitions = "kubectl get crd -o name | grep -E '[.](projectcalico[.]org|tigera[.]io)$'";

/** The article warns of deleting Calico's definitions while it is there: the cluster would break, and here they stay. */
export async function keepCalicoDefinitions({ transcript, shell }: ManagedCluster): Promise<void> {
  transcript.heading("Calico's definitions deleted too early would break the cluster: they are kept");
  await transcript.step(
    typedStep(shell, 'kubectl delete crd globalnetworkpolicies.crd.projectcalico.org', {
      differs: ({ output, exitCode }) =>
        exitCode !== 0 && output.includes('Calico enforces the network policies of this cluster')
          ? undefined
          : `printed '${output.trim()}' instead of a refusal`,
    }),
  );
}

/** What Calico leaves behind is there, is deleted by hand, and is gone. */
export async function deleteCalicoDefinitions({ transcript, shell }: ManagedCluster): Promise<void> {
  const areThere = ({ output }: StepResult): string | undefined =>
    /projectcalico\.org$/m.test(output) && /tigera\.io$/m.test(output) ? undefined : "not all of Calico's definitions have stayed";
  await transcript.step(typedStep(shell, calicoDefinitions, { differs: areThere }));
  await transcript.step(typedStep(shell, `${calicoDefinitions} | xargs -n 5 kubectl delete`));
  await transcript.step(typedStep(shell, calicoDefinitions, { differs: mustPrint('') }));
}

/** Removes the cluster. */
export async function deleteCluster({ transcript, shell }: ManagedCluster): Promise<void> {
  await transcript.step(typedStep(shell, `az aks delete \\\n    ${named} --yes`));
}

/** The JSON that az prints after its warnings. */
function jsonOf({ output }: StepResult): Record<string, unknown> {
  try {
    return JSON.parse(output.slice(output.search(/^\{/m))) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function lacksOption({ changesEngines }: AzAbilities, command: string, option: string): Pick<Step, 'correction'> {
  const [name = option] = option.split(' ');
  return changesEngines
    ? {}
    : {
        correction: {
          printed: `${command} … ${option}`,
          because: `and this az does not have ${name} there (2.63 does): the same request is sent another way`,
        },
      };
}

async function lookAtNodes({ transcript, shell }: Pick<ManagedCluster, 'transcript' | 'shell'>, wanted: readonly string[]): Promise<void> {
  await transcript.step(
    typedStep(shell, 'kubectl get nodes --output=wide', {
      differs: ({ output }) => {
        const ready = output.split('\n').filter((line) => /^\S+\s+Ready\s/.test(line));
        const isThere = (name: string): boolean => ready.some((line) => line.startsWith(name));
        return ready.length === wanted.length && wanted.every(isThere) ? undefined : `the nodes are not ${wanted.join(' and ')}, Ready`;
      },
    }),
  );
}

function succeeded(result: StepResult): string | undefined {
  const state = jsonOf(result)['provisioningState'];
  if (state === 'Succeeded') return mustSucceed(result);
  // Without a state it is an error that was printed, which is the reason.
  return state === undefined
    ? `printed '${result.output.trim()}' instead of a cluster`
    : `the provisioning state is ${JSON.stringify(state)}, not Succeeded`;
}

/** The answer describes a cluster that is done, and has the engine. */
function mustBe(engine: string): (result: StepResult) => string | undefined {
  return (result) => {
    const { networkPolicy } = (jsonOf(result)['networkProfile'] ?? {}) as { readonly networkPolicy?: unknown };
    // API versions from before 2023-09 have no word for none, and az of that time shows nothing.
    return (
      succeeded(result) ?? ((networkPolicy ?? 'none') === engine ? undefined : `the engine is ${String(networkPolicy)}, not ${engine}`)
    );
  };
}
