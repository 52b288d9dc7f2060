/** What `weir demo` does: a cluster of its own, the article, and everything gone at the end. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { clusterLayout, downCluster, listClusters, listNetworks, noFakes, upCluster } from '@weir/lab';
import { explained } from '../cluster-errors.ts';
import type { Invocation } from '../command.ts';
import { runArticle } from '../demo/article.ts';
import { StepFailed, Transcript } from '../demo/transcript.ts';
import { CommandError, type ExitCode, exitCode } from '../exit-code.ts';
import { formatDuration } from '../output.ts';
import { checkoutFile, pathWithTools, weirCommand } from '../self.ts';

/** Runs the demo. */
export async function runDemo(invocation: Invocation): Promise<ExitCode> {
  const { options, output, signal } = invocation;
  requireKubectl();
  // Networks too: one of another state directory, or of a crash, is not the demo's to take.
  const taken = [...(await listClusters()), ...listNetworks()].includes('demo');
  const name = taken ? `demo-${process.pid}` : 'demo';
  const cache = mkdtempSync(join(tmpdir(), 'weir-demo-'));
  const transcript = new Transcript(output);
  try {
    await runSteps(invocation, { transcript, name, cache });
  } catch (error) {
    // The transcript has it, and the summary says it; after an interruption nobody asks for either.
    if (!(error instanceof StepFailed) && !signal.aborted) throw error;
  } finally {
    rmSync(cache, { recursive: true, force: true });
    if (signal.aborted || !options.flag('keep')) await explained(downCluster(name));
  }
  // A signal ends the step's program as well, and that can be heard first: by now both have been.
  if (signal.aborted) throw new CommandError(exitCode.no, 'the demo was interrupted; its cluster is gone');
  return conclude(invocation, transcript, name);
}

function requireKubectl(): void {
  const found = pathWithTools()
    .split(delimiter)
    .some((directory) => existsSync(join(directory, 'kubectl')));
  if (!found)
    throw new CommandError(exitCode.unable, 'kubectl is not on this machine: run "npm run setup" in the checkout, which unpacks it');
}

async function runSteps(
  { output, signal }: Invocation,
  { transcript, name, cache }: { transcript: Transcript; name: string; cache: string },
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
  const env = { ...process.env, KUBECONFIG: clusterLayout(name).kubeconfig, PATH: pathWithTools(), KUBECACHEDIR: cache };
  const policyFile = checkoutFile('examples/article/demo-policy.yaml');
  await runArticle({ transcript, env, weir: weirCommand, cluster: name, policyFile, signal });
}

function conclude({ output, options }: Invocation, transcript: Transcript, name: string): ExitCode {
  const { steps, differences, milliseconds } = transcript.summary();
  const code = differences.length === 0 ? exitCode.done : exitCode.no;
  if (output.json) {
    output.resultJson({ asTheArticleSays: differences.length === 0, differences, milliseconds, steps });
    return code;
  }
  transcript.heading('Summary');
  const cluster = `the cluster "${name}" is ${options.flag('keep') ? 'still there' : 'gone'}`;
  output.result(`${steps.length} steps in ${formatDuration(milliseconds)}; ${cluster}.`);
  if (differences.length === 0) {
    output.result(
      output.tone('good', 'Everything went as the article says: talk, TIMEOUT, talk again. The packets were dropped by this kernel.'),
    );
    return code;
  }
  const count = differences.length === 1 ? '1 step differs' : `${differences.length} steps differ`;
  output.result(output.tone('bad', `${count} from the article:`));
  for (const difference of differences) output.result(`  ${difference}`);
  return code;
}
