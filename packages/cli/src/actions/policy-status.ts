/** What `weir policy status` does: reads or follows a cluster, and says whether policies are in force. */
import { type PolicyStatus, policyStatuses } from '@weir/analyze';
import { ApiError, abortAfter, KubeClient, KubeconfigError, loadKubeconfig, TransportError } from '@weir/client';
import { writtenNameOf } from '@weir/compile';
import { ClusterFollower } from '../cluster-follower.ts';
import { chooseKubeconfig } from '../cluster-source.ts';
import type { Invocation } from '../command.ts';
import { parseDuration } from '../duration.ts';
import { CommandError, type ExitCode, exitCode, notFoundError, usageError } from '../exit-code.ts';
import { renderPolicyStatuses } from '../render-policy-status.ts';

/** The JSON of `weir policy status`. */
export interface PolicyStatusJson {
  /** Whether all of them are. */
  readonly inForce: boolean;
  readonly policies: readonly PolicyStatus[];
}

/** Which policies are asked for. */
interface Question {
  /** Undefined: all namespaces. */
  readonly namespace: string | undefined;
  /** Whether policies of the cluster are meant, too: nobody said that it is in a namespace. */
  readonly withCluster: boolean;
  /** Undefined: all of them. */
  readonly name: string | undefined;
}

/** Answers `weir policy status`. */
export async function runPolicyStatus(invocation: Invocation): Promise<ExitCode> {
  const { options, positionals, output, signal } = invocation;
  const timeoutMs = parseDuration(options.text('timeout') ?? '60s', '--timeout');
  const { file } = await chooseKubeconfig(options);
  try {
    const client = new KubeClient(await loadKubeconfig(file, options.text('context')), { userAgent: 'weir-policy-status' });
    try {
      const question = questionOf(positionals[0], options.text('namespace'), client.connection.namespace);
      const patience = abortAfter(options.flag('wait') ? timeoutMs : 0, signal);
      const statuses = await answer(client, question, patience);
      const inForce = statuses.every(({ state }) => state === 'in force');
      if (output.json) output.resultJson({ inForce, policies: statuses } satisfies PolicyStatusJson);
      else output.result(renderPolicyStatuses(statuses, { isOne: question.name !== undefined, nowMs: Date.now() }, output));
      return inForce ? exitCode.done : exitCode.no;
    } finally {
      client.close();
    }
  } catch (error) {
    if (error instanceof KubeconfigError) throw usageError(error.message);
    if (error instanceof ApiError || error instanceof TransportError) throw new CommandError(exitCode.unable, error.message);
    throw error;
  }
}

function questionOf(word: string | undefined, namespaceOption: string | undefined, contextNamespace: string | undefined): Question {
  if (word === undefined) return { namespace: namespaceOption, name: undefined, withCluster: namespaceOption === undefined };
  const parts = word.split('/');
  if (parts.length > 2 || parts.includes('')) throw usageError(`'${word}' is no policy: write NAME or NAMESPACE/NAME`);
  if (parts.length === 1)
    return { namespace: namespaceOption ?? contextNamespace ?? 'default', name: word, withCluster: namespaceOption === undefined };
  if (namespaceOption !== undefined && namespaceOption !== parts[0]) {
    throw usageError(`'${word}' and --namespace ${namespaceOption} name two namespaces`);
  }
  return { namespace: parts[0], name: parts[1], withCluster: false };
}

/** The statuses as soon as all are in force, else as they are when patience ends. */
async function answer(client: KubeClient, question: Question, patience: AbortSignal): Promise<PolicyStatus[]> {
  const follower = new ClusterFollower(client, question.withCluster ? undefined : question.namespace);
  try {
    await follower.start();
    for (;;) {
      const statuses = statusesNow(follower, question);
      if (patience.aborted || statuses.every(({ state }) => state === 'in force')) return statuses;
      await follower.changed(patience);
    }
  } finally {
    await follower.stop();
  }
}

function statusesNow(follower: ClusterFollower, { namespace, name, withCluster }: Question): PolicyStatus[] {
  const view = follower.view();
  const policies = view.policies.filter(({ kind, object }) => {
    const isMeant = kind.namespaced ? namespace === undefined || object.metadata.namespace === namespace : withCluster;
    return isMeant && (name === undefined || writtenNameOf(kind, object) === name);
  });
  if (name !== undefined && policies.length === 0) {
    throw notFoundError(`there is no policy ${namespace ?? ''}/${name} of any kind (weir policy status lists them)`);
  }
  const keyOf = (status: PolicyStatus): string => `${status.namespace}/${status.name}/${status.kind}`;
  return policyStatuses({ ...view, policies }).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
