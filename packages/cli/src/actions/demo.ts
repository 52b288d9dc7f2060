/** What `weir demo` does: a cluster of its own, the article, and everything gone at the end. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clusterLayout, downCluster, listClusters, upCluster } from '@weir/lab';
import { explained } from '../cluster-errors.ts';
import type { Invocation } from '../command.ts';
import { runArticle } from '../demo/article.ts';
import { Transcript } from '../demo/transcript.ts';
import { CommandError, type ExitCode, exitCode } from '../exit-code.ts';
import { formatDuration } from '../output.ts';
import { checkoutFile, pathWithTools, weirCommand } from '../self.ts';

/** Runs the demo. */
export async function runDemo(invocation: Invocation): Promise<ExitCode> {
  const { options, output, signal } = invocation;
  const name = (await listClusters()).includes('demo') ? `demo-${process.pid}` : 'demo';
  const cache = mkdtempSync(join(tmpdir(), 'weir-demo-'));
  const transcript = new Transcript(output);
  try {
    transcript.heading('A cluster on this machine');
    await transcript.step({
      command: `weir up --name ${name}`,
      run: async () => {
        await explained(
          upCluster({
            name,
            nodes: 1,
            engine: 'kubernetes',
            standIn: false,
            dualStack: false,
            command: weirCommand,
            onProgress: (text) => output.progress(text),
            signal,
          }),
        );
        return { output: `cluster "${name}" is ready`, exitCode: 0 };
      },
    });
    const env = { ...process.env, KUBECONFIG: clusterLayout(name).kubeconfig, PATH: pathWithTools(), KUBECACHEDIR: cache };
    await runArticle({
      transcript,
      env,
      weir: weirCommand,
      cluster: name,
      policyFile: checkoutFile('examples/article/demo-policy.yaml'),
      signal,
    });
  } catch (error) {
    if (signal.aborted) throw new CommandError(exitCode.no, 'the demo was interrupted');
    throw error;
  } finally {
    rmSync(cache, { recursive: true, force: true });
    if (!options.flag('keep')) await explained(downCluster(name));
  }
  return conclude(invocation, transcript, name);
}

function conclude({ output, options }: Invocation, transcript: Transcript, name: string): ExitCode {
  const { steps, differences, milliseconds } = transcript.summary();
  transcript.heading('Summary');
  output.result(
    `${steps} steps in ${formatDuration(milliseconds)}; the cluster "${name}" is ${options.flag('keep') ? 'still there' : 'gone'}.`,
  );
  if (differences.length === 0) {
    output.result(
      output.tone('good', 'Everything went as the article says: talk, TIMEOUT, talk again. The packets were dropped by this kernel.'),
    );
    return exitCode.done;
  }
  output.result(output.tone('bad', `${differences.length} steps differ from the article:`));
  for (const difference of differences) output.result(`  ${difference}`);
  return exitCode.no;
}
