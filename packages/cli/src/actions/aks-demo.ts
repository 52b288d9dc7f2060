/** What `weir demo --aks` does: the article with managed clusters, from the group to its end, and nothing left. */
import type { Invocation } from '../command.ts';
import { AksScene } from '../demo/aks/aks-scene.ts';
import { runAksArticle } from '../demo/aks/article.ts';
import { articleParts } from '../demo/aks/article-parts.ts';
import { conclude } from '../demo/conclusion.ts';
import type { Transcript } from '../demo/transcript.ts';
import { CommandError, type ExitCode, exitCode, usageError } from '../exit-code.ts';
import { findProgram } from '../program-path.ts';
import { pathWithTools } from '../self.ts';
import { requireKubectl } from './demo.ts';

/** Runs the demo. */
export async function runAksDemo({ options, output, signal }: Invocation): Promise<ExitCode> {
  if (options.flag('keep')) throw usageError('--keep is for the demo without --aks; look around with: weir shell');
  requireKubectl();
  if (findProgram('az', pathWithTools()) === undefined) output.progress('az is not on this machine: weir az takes its place');
  const engine = options.text('engine');
  const parts = articleParts.filter((part) => engine === undefined || part.engine === engine);
  const startedAtMs = Date.now();
  output.progress('everything happens in a network namespace that has nothing but a loopback');
  const scene = await AksScene.enter(signal);
  let transcripts: readonly Transcript[] = [];
  let left: readonly string[] = [];
  try {
    transcripts = await runAksArticle({ scene, parts, output, signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    left = await scene.leave();
  }
  if (signal.aborted) throw new CommandError(exitCode.no, 'the demo was interrupted; its clusters are gone');
  return conclude(output, {
    transcripts,
    milliseconds: Date.now() - startedAtMs,
    remains: left.length === 0 ? 'nothing is left of the clusters' : 'something is left of the clusters',
    lesson: 'Everything went as the article says, with every engine. The packets were dropped by this kernel.',
    besides: left,
  });
}
