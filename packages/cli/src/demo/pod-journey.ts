/**
 * What the article does with pods: server and client, a policy that blocks them, a label that lets
 * them through, and what is left of it when the namespace goes.
 */
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkoutFile } from '../self.ts';
import { type CommandShell, typedStep } from './command-shell.ts';
import { mustPrint, mustSucceed, type StepResult } from './step.ts';
import { TerminalSession } from './terminal-session.ts';
import type { Transcript } from './transcript.ts';

/** Where the journey takes place. */
export interface PodJourney {
  readonly transcript: Transcript;
  /** The person's shell; kubectl is found there and knows the cluster. */
  readonly shell: CommandShell;
  /** Where that shell is. */
  readonly directory: string;
  /** Starts kubectl in a second window; the arguments follow. */
  readonly kubectl: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** Which nodes the pods are for; undefined: any. */
  readonly system?: 'linux' | 'windows';
}

/** The two pods, as the journey has made them. */
export interface TwoPods {
  readonly client: TerminalSession;
  /** The server's address. */
  readonly server: string;
  /** How the last step of making them went. */
  readonly made: StepResult;
}

const image = 'k8s.gcr.io/e2e-test-images/agnhost:2.33';

/** The bash of the client pod, as it asks for the next command. */
const clientPrompt = /\n?[^\n]*@client:[^\n]*# $/;

const clientPromptText = 'root@client:/# ';

/** A change of policies or labels reaches the kernel a moment after it is made. */
const inForceMs = 15_000;

/** Makes the namespace. */
export async function createNamespace(journey: PodJourney): Promise<void> {
  await journey.transcript.step(
    typedStep(journey.shell, 'kubectl create namespace demo', { differs: mustPrint('namespace/demo created') }),
  );
}

/** Makes server and client, and looks their addresses up. The client is to be closed by the caller. */
export async function createPods(journey: PodJourney): Promise<TwoPods> {
  const { transcript } = journey;
  const place = placeOf(journey);
  await transcript.step(
    typedStep(
      journey.shell,
      `kubectl run server -n demo --image=${image} --labels="app=server" --port=80${place} --command -- /agnhost serve-hostname --tcp --http=false --port "80"`,
      { differs: mustPrint('pod/server created') },
    ),
  );
  const client = openClient(journey);
  try {
    await transcript.step({
      command: `kubectl run -it client -n demo --image=${image}${place} --command -- bash`,
      run: async () => ({ output: await client.ready(), exitCode: 0 }),
    });
    await transcript.step(typedStep(journey.shell, 'kubectl wait --for=condition=Ready pod/server -n demo --timeout=60s'));
    const pods = await transcript.step(typedStep(journey.shell, 'kubectl get pod --output=wide -n demo', { differs: bothRunning }));
    return { client, server: addressOf(pods.output, 'server'), made: pods };
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** Leaves the client's shell. */
export async function leaveClient({ transcript }: PodJourney, { client }: TwoPods): Promise<void> {
  await transcript.step({ command: 'exit', prompt: clientPromptText, run: () => client.leave('exit') });
}

/** The client connects to the server, and is let through or not. After a change that was made, that may take a moment. */
export async function connect(
  { transcript }: PodJourney,
  { client, server }: TwoPods,
  { outcome, after }: { readonly outcome: 'talks' | 'TIMEOUT'; readonly after?: StepResult },
): Promise<void> {
  const command = `/agnhost connect ${server}:80 --timeout=3s --protocol=tcp`;
  const expected = outcome === 'talks' ? '' : 'TIMEOUT';
  const patienceMs = after?.exitCode === 0 ? inForceMs : 0;
  await transcript.step({
    command,
    prompt: clientPromptText,
    run: async () => {
      for (const deadlineMs = Date.now() + patienceMs; ; ) {
        const { output } = await client.type(command);
        if (output.trim() === expected || Date.now() >= deadlineMs) return { output, exitCode: 0 };
      }
    },
    differs: mustPrint(expected),
  });
}

/** Without a policy the pods talk, with it they do not. */
export async function applyPolicy(journey: PodJourney, pods: TwoPods): Promise<void> {
  journey.transcript.heading('Without a policy: the pods talk');
  await connect(journey, pods, { outcome: 'talks', after: pods.made });
  journey.transcript.heading('With the policy: the kernel drops the packets');
  await connect(journey, pods, { outcome: 'TIMEOUT', after: await putPolicy(journey) });
}

/** Makes the article's policy out of a file of its own. */
export async function putPolicy({ transcript, shell, directory }: PodJourney): Promise<StepResult> {
  const policy = join(directory, 'demo-policy.yaml');
  copyFileSync(checkoutFile('examples/article/demo-policy.yaml'), policy);
  await transcript.step({
    command: 'cat demo-policy.yaml',
    run: () => Promise.resolve({ output: readFileSync(policy, 'utf8'), exitCode: 0 }),
  });
  return transcript.step(
    typedStep(shell, 'kubectl apply -f demo-policy.yaml', {
      differs: mustPrint('networkpolicy.networking.k8s.io/demo-policy created'),
      correction: { printed: 'kubectl apply –f demo-policy.yaml', because: 'with a long dash that kubectl does not know' },
    }),
  );
}

/** With the label they talk again. */
export async function labelClient(journey: PodJourney, pods: TwoPods): Promise<void> {
  journey.transcript.heading('With the label: they talk again');
  const labelled = await journey.transcript.step(
    typedStep(journey.shell, 'kubectl label pod client -n demo app=client', { differs: mustPrint('pod/client labeled') }),
  );
  await connect(journey, pods, { outcome: 'talks', after: labelled });
}

/** And without it they do not; the article stops before that. */
export async function unlabelClient(journey: PodJourney, pods: TwoPods): Promise<void> {
  const unlabelled = await journey.transcript.step(
    typedStep(journey.shell, 'kubectl label pod client -n demo app-', { differs: mustPrint('pod/client unlabeled') }),
  );
  await connect(journey, pods, { outcome: 'TIMEOUT', after: unlabelled });
}

/** Asks weir why the client is blocked; `rest` says of which cluster. */
export async function explainFlow(journey: PodJourney, rest = ''): Promise<void> {
  journey.transcript.heading('Why?');
  await journey.transcript.step(typedStep(journey.shell, `weir why demo/client demo/server 80${rest}`, { differs: explains }));
}

/** Removes the namespace with all that is in it. */
export async function deleteNamespace(journey: PodJourney): Promise<void> {
  await journey.transcript.step(
    typedStep(journey.shell, 'kubectl delete namespace demo', {
      differs: mustPrint('namespace "demo" deleted'),
      // A shell ignores SIGTERM, and agnhost serves on after it: both are killed at the end of their grace period.
      patience: 'the programs of both pods do not end when they are asked to; they are killed after the 30 s that a pod has',
    }),
  );
}

/** The explanation names the policy, says that no rule matches, and the label that would. */
function explains(result: StepResult): string | undefined {
  for (const needed of ['demo-policy', 'app=client']) {
    if (!result.output.includes(needed)) return `the explanation does not name ${needed}`;
  }
  return mustSucceed(result);
}

function bothRunning(result: StepResult): string | undefined {
  const running = result.output.split('\n').filter((line) => /^(client|server)\s+1\/1\s+Running\s/.test(line));
  return running.length === 2 ? undefined : 'client and server are not both 1/1 Running';
}

/** The IP column of one pod in the wide table. */
function addressOf(table: string, pod: string): string {
  const [header = '', ...rows] = table.split('\n');
  const row = rows.find((line) => line.startsWith(`${pod} `)) ?? '';
  const column = header.indexOf('IP ');
  return row.slice(column).split(/\s/)[0] ?? '';
}

function openClient(journey: PodJourney): TerminalSession {
  const place = overridesOf(journey);
  const placed = place === undefined ? [] : [`--overrides=${place}`];
  return TerminalSession.start({
    command: [...journey.kubectl, 'run', '-it', 'client', '-n', 'demo', `--image=${image}`, ...placed, '--command', '--', 'bash'],
    env: { ...journey.env, TERM: 'dumb' },
    prompt: clientPrompt,
    patienceMs: 60_000,
    signal: journey.signal,
  });
}

function placeOf(journey: PodJourney): string {
  const overrides = overridesOf(journey);
  return overrides === undefined ? '' : ` --overrides='${overrides}'`;
}

/** The article's words for a particular kind of node. */
function overridesOf({ system }: PodJourney): string | undefined {
  return system === undefined ? undefined : `{"spec": { "nodeSelector": {"kubernetes.io/os": "${system}"}}}`;
}
