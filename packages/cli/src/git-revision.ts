/** Files of a git repository as they are in a revision, read with the program git; nothing is checked out. */
import { execFile } from 'node:child_process';
import { isAbsolute, posix, relative } from 'node:path';
import type { ManifestText } from '@weir/kube';
import { CommandError, exitCode, usageError } from './exit-code.ts';
import { type FoundManifest, GitTree, type TreeEntry, treeEntries } from './git-tree.ts';
import { decodeLeniently } from './text-file.ts';

/** More than this of manifests is not read. */
const sizeMax = 512 * 1024 * 1024;

/**
 * What git calls a path of here in a revision: `main:deploy/web.yaml`, from the top of the repository.
 *
 * Throws a CommandError where there is no such revision, no repository, or the path leads out of it.
 */
export async function placeInRevision(revision: string, path: string): Promise<string> {
  await idOf(`${revision}^{tree}`, { missing: missingRevision(revision) });
  const here = (await git(['rev-parse', '--show-prefix'], { place: revision })).toString().replace(/\r?\n$/, '');
  const fromHere = (isAbsolute(path) ? relative(process.cwd(), path) : path).replaceAll('\\', process.platform === 'win32' ? '/' : '\\');
  const whole = posix.normalize(`${here}${fromHere}`).replace(/^\.$|^\.\/$|\/$/, '');
  if (whole === '..' || whole.startsWith('../')) throw usageError(`${path} is not in the git repository here`);
  return `${revision}:${whole}`;
}

/** The newest revision that two have come from, in few letters; throws a CommandError where there is none. */
export async function commonAncestor(one: string, other: string): Promise<string> {
  for (const revision of [one, other]) await idOf(`${revision}^{commit}`, { missing: missingRevision(revision) });
  const missing = `${one} and ${other} have no ancestor in common here (a clone of few commits gets the others with git fetch --unshallow)`;
  const ancestor = await idOf(['merge-base', '--end-of-options', one, other], { missing });
  return await idOf(['rev-parse', '--short', ancestor], { missing });
}

/** Whether a revision that is there has this place; see {@link placeInRevision}. */
export async function isInRevision(place: string): Promise<boolean> {
  try {
    await idOf(place, { missing: '' });
    return true;
  } catch (error) {
    if (error instanceof CommandError && error.message === '') return false;
    throw error;
  }
}

/** Reads a file, or the manifests in a folder, as git names them (`main:deploy/`, and `main:deploy/web.yaml` in it); throws a CommandError that says what is wrong. */
export async function readRevision(place: string): Promise<readonly ManifestText[]> {
  const named = await idOf(place, { missing: '' }).catch((error: unknown) => explainMissing(place, error));
  const { id, type } = await behindLinks(place, named);
  if (type === 'blob') return [{ file: place, text: decoded(await git(['cat-file', 'blob', id], { place }), place) }];
  if (type !== 'tree') throw usageError(`${place} is no file and no folder, but a ${type}: write REVISION:PATH`);
  const prefix = place.endsWith(':') || place.endsWith('/') ? place : `${place}/`;
  const found = await manifestsOf(id, place);
  const texts = await readBlobs(
    found.map((one) => one.id),
    place,
  );
  return found.map(({ path }, i) => ({ file: `${prefix}${path}`, text: texts[i] ?? '', found: true }));
}

/** What a place is, by the links that it may go through. */
async function behindLinks(place: string, named: string): Promise<{ readonly id: string; readonly type: string }> {
  const followed = (await git(['cat-file', '--batch-check', '--follow-symlinks'], { place, input: `${place}\n` })).toString();
  const [, id, type] = /^([0-9a-f]{40,}) (\w+) \d+\n$/.exec(followed) ?? [];
  if (id !== undefined && type !== undefined) return { id, type };
  return { id: named, type: (await git(['cat-file', '-t', named], { place })).toString().trim() };
}

/** The manifests of a folder; where it has links the whole revision is looked at, since they may lead out of the folder. */
async function manifestsOf(id: string, place: string): Promise<readonly FoundManifest[]> {
  const list = async (tree: string): Promise<TreeEntry[]> =>
    treeEntries((await git(['ls-tree', '-r', '-z', '--full-tree', tree], { place })).toString());
  const own = await list(id);
  const [, revision = '', path = ''] = /^([^:]+):(.*)$/s.exec(place) ?? [];
  if (revision === '' || !own.some(({ isLink }) => isLink)) return new GitTree(own, () => '').manifestsIn('');
  const all = await list(`${revision}^{tree}`);
  const links = all.filter(({ isLink }) => isLink);
  const targets = await readBlobs(
    links.map((link) => link.id),
    place,
  );
  const targetOf = new Map(links.map((link, i) => [link.path, targets[i] ?? '']));
  const folder = /^\.{1,2}(?:\/|$)/.test(path) ? (await placeInRevision(revision, path)).slice(revision.length + 1) : posix.normalize(path);
  return new GitTree(all, (link) => targetOf.get(link.path) ?? '').manifestsIn(folder.replace(/^\.$|\/$/, ''));
}

/** The name of an object that git finds by words of ours; `missing` is what is wrong where there is none. */
async function idOf(words: string | readonly string[], { missing }: { readonly missing: string }): Promise<string> {
  const args = typeof words === 'string' ? ['rev-parse', '--verify', '--quiet', '--end-of-options', words] : words;
  return (await git(args, { place: typeof words === 'string' ? words : args.join(' '), missing })).toString().trim();
}

function missingRevision(revision: string): string {
  return `there is no revision ${revision} in the git repository here (git branch --all shows some; a clone of few commits gets others with git fetch)`;
}

/** Which half of REVISION:PATH is not there. */
async function explainMissing(place: string, error: unknown): Promise<never> {
  if (!(error instanceof CommandError) || error.message !== '') throw error;
  const [, revision = '', path = ''] = /^([^:]+):(.*)$/s.exec(place) ?? [];
  if (revision === '')
    throw usageError(`there is no file or folder ${place}, here or in the index of git (REVISION:PATH names one of a revision)`);
  await idOf(`${revision}^{tree}`, { missing: `there is no file or folder ${place}, and ${missingRevision(revision)}` });
  throw usageError(
    `there is no file or folder ${path} in the revision ${revision} (git ls-tree --name-only ${revision}:./ shows what is; where it is new, compare with --git ${revision} PATH)`,
  );
}

/** The contents of objects, in order, by one process. */
async function readBlobs(ids: readonly string[], place: string): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const answer = await git(['cat-file', '--batch'], { place, input: `${ids.join('\n')}\n` });
  let at = 0;
  return ids.map(() => {
    const end = answer.indexOf('\n', at);
    const size = Number(answer.toString('latin1', at, end).split(' ')[2]);
    if (end < 0 || !Number.isInteger(size)) throw new CommandError(exitCode.unable, `git does not give the files of ${place}`);
    at = end + 1 + size + 1;
    return decoded(answer.subarray(end + 1, end + 1 + size), place);
  });
}

/** As {@link decodeLeniently}; a file that is no text is an error of whoever named the place. */
function decoded(bytes: Uint8Array, place: string): string {
  try {
    return decodeLeniently(bytes).text;
  } catch (error) {
    throw usageError(`${place}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

interface GitCall {
  /** What the user asked for. */
  readonly place: string;
  readonly input?: string;
  /** What is wrong where git fails and says nothing. */
  readonly missing?: string;
}

function git(args: readonly string[], { place, input, missing = `git does not give ${place}` }: GitCall): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = execFile('git', args, { encoding: 'buffer', maxBuffer: sizeMax }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(explainFailure(error, stderr.toString().trim(), { place, missing }));
    });
    child.stdin?.on('error', () => undefined).end(input ?? '');
  });
}

function explainFailure(
  error: Error & { readonly code?: unknown },
  said: string,
  { place, missing }: Required<Pick<GitCall, 'place' | 'missing'>>,
): CommandError {
  if (error.code === 'ENOENT') return new CommandError(exitCode.unable, `the program git is not there, and ${place} is read with it`);
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return usageError(`${place} is too large: name a folder of manifests in it`);
  if (said === '') return usageError(missing);
  return usageError(`${place}: ${said.replace(/^fatal: /, '')}`);
}
