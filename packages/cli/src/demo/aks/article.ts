/** The whole article: what comes before the clusters, all parts, and what comes after them. */
import type { Output } from '../../output.ts';
import { typedStep } from '../command-shell.ts';
import { askVersions, type ProgramVersions } from '../program-versions.ts';
import { mustPrint, type StepResult } from '../step.ts';
import { StepFailed, Transcript } from '../transcript.ts';
import type { AksScene, AksWindow } from './aks-scene.ts';
import { type ArticlePart, runPart } from './article-parts.ts';
import type { AzAbilities } from './managed-cluster.ts';

/** How it is run. */
export interface AksArticle {
  readonly scene: AksScene;
  readonly parts: readonly ArticlePart[];
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** Parts that run at the same time: making clusters is work for processors, and what comes after it mostly waiting. */
const partsAtATime = 2;

const group = '--resource-group $RESOURCE_GROUP_NAME';

/** Runs it; gives the transcripts in the order of the article. Only the first part is printed while it goes. */
export async function runAksArticle(article: AksArticle): Promise<readonly Transcript[]> {
  const { scene, output, parts } = article;
  const window = await scene.open('first');
  try {
    const programs = await askVersions(window.shell, ['az', 'kubectl', 'weir']);
    const abilities = abilitiesOf(programs);
    const before = new Transcript(output, { programs });
    await begin(before, window);
    if (parts.some(({ isPreview }) => isPreview === true)) await addExtension(before, window);
    const transcripts = parts.map((_, index) => new Transcript(output, { programs, isHeld: index > 0 }));
    await runParts(article, { transcripts, abilities });
    const after = new Transcript(output, { programs });
    await end(after, window);
    return [before, ...transcripts, after];
  } finally {
    await window.shell.close();
  }
}

async function begin(transcript: Transcript, { shell }: AksWindow): Promise<void> {
  transcript.heading('=== Before you begin ===');
  await transcript.step(typedStep(shell, 'az --version', { differs: isRecentEnough }));
  await transcript.step(
    typedStep(shell, 'RESOURCE_GROUP_NAME=myResourceGroup-NP\nLOCATION=canadaeast', {
      correction: { printed: '$RESOURCE_GROUP_NAME=myResourceGroup-NP', because: 'which bash takes for a command' },
    }),
  );
  await transcript.step(
    typedStep(shell, `az group create ${group} --location $LOCATION`, {
      correction: { printed: 'az aks create --resource-group $RESOURCE_GROUP_NAME …', because: 'and makes no group anywhere' },
    }),
  );
}

/** Before the parts, because those that run meanwhile would meet an extension that is half there. */
async function addExtension(transcript: Transcript, { shell }: AksWindow): Promise<void> {
  await transcript.step(typedStep(shell, 'az extension add --name aks-preview'));
  await transcript.step(typedStep(shell, 'az extension update --name aks-preview'));
}

async function end(transcript: Transcript, { shell }: AksWindow): Promise<void> {
  transcript.heading('=== Clean up ===');
  await transcript.step(typedStep(shell, 'az aks list --output table', { differs: mustPrint('') }));
  await transcript.step(typedStep(shell, `az group delete ${group} --yes`));
  await transcript.step(typedStep(shell, `az group exists ${group}`, { differs: mustPrint('false') }));
}

async function runParts(
  { scene, parts, signal }: AksArticle,
  { transcripts, abilities }: { readonly transcripts: readonly Transcript[]; readonly abilities: AzAbilities },
): Promise<void> {
  const isOver = parts.map(() => false);
  const releaseInOrder = (): void => {
    const first = isOver.indexOf(false);
    for (const transcript of first < 0 ? transcripts : transcripts.slice(0, first + 1)) transcript.release();
  };
  const queue = [...parts.entries()];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, part] = next;
      const transcript = transcripts[index];
      if (transcript === undefined) return;
      const window = await scene.open(part.cluster);
      try {
        await runPart(part, { transcript, window, abilities, signal });
      } catch (error) {
        // The transcript has it; the other parts are tried all the same.
        if (!(error instanceof StepFailed)) throw error;
      } finally {
        await window.shell.close();
        isOver[index] = true;
        releaseInOrder();
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: partsAtATime }, work));
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
}

function abilitiesOf(programs: ProgramVersions): AzAbilities {
  const [file = '', version = ''] = (programs.get('az') ?? '').split(' ');
  const isOwn = file.endsWith('/shell/bin/az');
  return { changesEngines: isOwn || isSince(version, [2, 63, 0]) };
}

/** The version that the article asks for. */
function isRecentEnough({ output }: StepResult): string | undefined {
  const version = /^azure-cli\s+(\d\S*)/m.exec(output)?.[1] ?? 'none';
  return isSince(version, [2, 0, 61]) ? undefined : `az is of version ${version}, and the article needs 2.0.61`;
}

function isSince(version: string, wanted: readonly number[]): boolean {
  const numbers = version.split('.').map(Number);
  const different = wanted.findIndex((number, place) => numbers[place] !== number);
  return different < 0 || (numbers[different] ?? Number.NaN) > (wanted[different] ?? 0);
}
