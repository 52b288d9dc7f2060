/**
 * The article "Secure traffic between pods by using network policies in AKS", from the namespace to
 * its deletion, on a cluster that is already there.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { quoted } from '../self.ts';
import { TerminalSession } from './terminal-session.ts';
import { mustPrint, mustSucceed, type Step, type StepResult, type Transcript } from './transcript.ts';

/** What the article's commands need. */
export interface ArticleOptions {
  readonly transcript: Transcript;
  /** KUBECONFIG, PATH with kubectl, and a place for kubectl's cache. */
  readonly env: NodeJS.ProcessEnv;
  /** How to start `weir` itself. */
  readonly weir: readonly string[];
  /** The cluster's name, for `weir why`. */
  readonly cluster: string;
  /** The article's policy. */
  readonly policyFile: string;
  readonly signal: AbortSignal;
}

const image = 'k8s.gcr.io/e2e-test-images/agnhost:2.33';

/** The bash of the client pod, as it asks for the next command. */
const clientPrompt = /\n?[^\n]*@client:[^\n]*# $/;

const clientPromptText = 'root@client:/# ';

/** Runs the article; differences are in the transcript. */
export async function runArticle(options: ArticleOptions): Promise<void> {
  const { transcript } = options;
  transcript.heading('Two pods');
  await transcript.step(shellStep(options, 'kubectl create namespace demo', { differs: mustPrint('namespace/demo created') }));
  await transcript.step(
    shellStep(
      options,
      `kubectl run server -n demo --image=${image} --labels="app=server" --port=80 --command -- /agnhost serve-hostname --tcp --http=false --port "80"`,
      { differs: mustPrint('pod/server created') },
    ),
  );
  const client = openClient(options);
  try {
    await transcript.step({
      command: `kubectl run -it client -n demo --image=${image} --command -- bash`,
      run: async () => ({ output: await client.ready(), exitCode: 0 }),
    });
    await transcript.step(shellStep(options, 'kubectl wait --for=condition=Ready pod/server -n demo --timeout=60s'));
    const pods = await transcript.step(shellStep(options, 'kubectl get pod --output=wide -n demo', { differs: bothRunning }));
    const serverAddress = addressOf(pods.output, 'server');
    await runPolicySteps(options, client, serverAddress);
    await transcript.step({ command: 'exit', prompt: clientPromptText, run: () => client.leave('exit') });
  } finally {
    await client.close();
  }
  transcript.heading('Clean up');
  await transcript.step(
    shellStep(options, 'kubectl delete namespace demo', {
      differs: mustPrint('namespace "demo" deleted'),
      // A shell ignores SIGTERM, and agnhost serves on after it: both are killed at the end of their grace period.
      patience: 'the programs of both pods do not end when they are asked to; they are killed after the 30 s that a pod has',
    }),
  );
}

async function runPolicySteps(options: ArticleOptions, client: TerminalSession, serverAddress: string): Promise<void> {
  const { transcript } = options;
  const connect = (differs: Step['differs']): Step =>
    clientStep(client, `/agnhost connect ${serverAddress}:80 --timeout=3s --protocol=tcp`, differs);

  transcript.heading('Without a policy: the pods talk');
  await transcript.step(connect(mustPrint('')));

  transcript.heading('With the policy: the kernel drops the packets');
  await transcript.step({
    command: 'cat demo-policy.yaml',
    run: () => Promise.resolve({ output: readFileSync(options.policyFile, 'utf8'), exitCode: 0 }),
  });
  await transcript.step(
    shellStep(options, 'kubectl apply -f demo-policy.yaml', {
      run: `kubectl apply -f '${options.policyFile}'`,
      differs: mustPrint('networkpolicy.networking.k8s.io/demo-policy created'),
    }),
  );
  await transcript.step(connect(mustPrint('TIMEOUT')));

  transcript.heading('Why?');
  await transcript.step(
    shellStep(options, 'weir why demo/client demo/server 80', {
      run: `${options.weir.map(quoted).join(' ')} why demo/client demo/server 80 --name ${options.cluster}`,
      differs: explains,
    }),
  );

  transcript.heading('With the label: they talk again');
  await transcript.step(shellStep(options, 'kubectl label pod client -n demo app=client', { differs: mustPrint('pod/client labeled') }));
  await transcript.step(connect(mustPrint('')));
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

function openClient(options: ArticleOptions): TerminalSession {
  return TerminalSession.start({
    command: ['kubectl', 'run', '-it', 'client', '-n', 'demo', `--image=${image}`, '--command', '--', 'bash'],
    env: { ...options.env, TERM: 'dumb' },
    prompt: clientPrompt,
    patienceMs: 60_000,
    signal: options.signal,
  });
}

function clientStep(client: TerminalSession, command: string, differs: Step['differs']): Step {
  return {
    command,
    prompt: clientPromptText,
    run: async () => ({ output: await client.type(command), exitCode: 0 }),
    ...(differs === undefined ? {} : { differs }),
  };
}

function shellStep(
  options: ArticleOptions,
  command: string,
  more: { run?: string; differs?: Step['differs']; patience?: string } = {},
): Step {
  return {
    command,
    run: () => runShell(more.run ?? command, options),
    ...(more.patience === undefined ? {} : { patience: more.patience }),
    ...(more.differs === undefined ? {} : { differs: more.differs }),
  };
}

/** Runs a line in a shell; what goes to both streams is one output, as a person sees it. */
function runShell(line: string, { env, signal }: ArticleOptions): Promise<StepResult> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', line], { env, signal, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (chunk: string) => {
        output += chunk;
      });
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ output, exitCode: code ?? 128 }));
  });
}
