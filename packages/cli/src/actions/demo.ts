/** What `weir demo` does: a cluster of its own, the article, and everything gone at the end. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { clusterLayout, downCluster, listClusters, listNetworks, noFakes, upCluster } from '@weir/lab';
import { explained } from '../cluster-errors.ts';
import type { Invocation } from '../command.ts';
import { CommandShell } from '../demo/command-shell.ts';
import { conclude } from '../demo/conclusion.ts';
import {
  applyPolicy,
  createNamespace,
  createPods,
  deleteNamespace,
  explainFlow,
  labelClient,
  leaveClient,
  type PodJourney,
} from '../demo/pod-journey.ts';
import { StepFailed, Transcript } from '../demo/transcript.ts';
import { CommandError, type ExitCode, exitCode } from '../exit-code.ts';
import { findProgram } from '../program-path.ts';
import { pathWithTools, weirCommand } from '../self.ts';
import { writePrograms } from '../shell/shell-environment.ts';

/** Runs the demo. */
export async function runDemo(invocation: Invocation): Promise<ExitCode> {
  const { options, output, signal } = invocation;
  requireKubectl();
  // Networks too: one of another state directory, or of a crash, is not the demo's to take.
  const taken = [...(await listClusters()), ...listNetworks()].includes('demo');
  const name = taken ? `demo-${process.pid}` : 'demo';
  const directory = mkdtempSync(join(tmpdir(), 'weir-demo-'));
  const startedAtMs = Date.now();
  const transcript = new Transcript(output);
  try {
    await runSteps(invocation, { transcript, name, directory });
  } catch (error) {
    // The transcript has it, and the summary says it; after an interruption nobody asks for either.
    if (!(error instanceof StepFailed) && !signal.aborted) throw error;
  } finally {
    if (signal.aborted || !options.flag('keep')) await explained(downCluster(name));
    rmSync(directory, { recursive: true, force: true });
  }
  // A signal ends the step's program as well, and that can be heard first: by now both have been.
  if (signal.aborted) throw new CommandError(exitCode.no, 'the demo was interrupted; its cluster is gone');
  return conclude(output, {
    transcripts: [transcript],
    milliseconds: Date.now() - startedAtMs,
    remains: `the cluster "${name}" is ${options.flag('keep') ? 'still there' : 'gone'}`,
    lesson: 'Everything went as the article says: talk, TIMEOUT, talk again. The packets were dropped by this kernel.',
  });
}

/** Throws when set-up has not been done. */
export function requireKubectl(): void {
  if (findProgram('kubectl', pathWithTools()) === undefined)
    throw new CommandError(exitCode.unable, 'kubectl is not on this machine: run "npm run setup" in the checkout, which unpacks it');
}

async function runSteps(
  { output, signal }: Invocation,
  { transcript, name, directory }: { transcript: Transcript; name: string; directory: string },
): Promise<void> {
  transcript.heading('A cluster on this machine');
  await transcript.step({
    command: `weir up --name ${name}`,
    run: async () => {
      const shape = { nodes: 1, engine: 'kubernetes', standIn: false, dualStack: false, fakes: noFakes } as const;
      const onProgress = (text: string): void => output.progress(text);
      await explained(upCluster({ name, ...shape, command: weirCommand, onProgress, signal }));
      return { output: `cluster "${name}" is ready`, exitCode: 0 };
    },
  });
  const variables = {
    KUBECONFIG: clusterLayout(name).kubeconfig,
    KUBECACHEDIR: join(directory, 'cache'),
    PATH: [writePrograms(join(directory, 'bin')), pathWithTools()].join(delimiter),
  };
  const shell = await CommandShell.open({ directory, prefix: [], env: process.env, variables, signal });
  try {
    const env = { ...process.env, ...variables };
    await runArticle({ transcript, shell, directory, kubectl: ['kubectl'], env, signal });
  } finally {
    await shell.close();
  }
}

/** The article, from the namespace to its deletion. */
async function runArticle(journey: PodJourney): Promise<void> {
  journey.transcript.heading('Two pods');
  await createNamespace(journey);
  const pods = await createPods(journey);
  try {
    await applyPolicy(journey, pods);
    await explainFlow(journey);
    await labelClient(journey, pods);
    await leaveClient(journey, pods);
  } finally {
    await pods.client.close();
  }
  journey.transcript.heading('Clean up');
  await deleteNamespace(journey);
}
