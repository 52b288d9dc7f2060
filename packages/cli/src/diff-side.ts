/** What OLD and NEW of `weir diff` can be: manifests, a revision of a git repository, a cluster. */
import { existsSync } from 'node:fs';
import type { OptionValues } from './command.ts';
import { usageError } from './exit-code.ts';
import { commonAncestor, isInRevision, placeInRevision, readRevision } from './git-revision.ts';
import { readManifestTexts } from './manifest-files.ts';
import { fromManifests, type ObjectSource, readObjects } from './objects.ts';

/** A side as it was written, and what it means. */
export type DiffSide =
  | { readonly kind: 'manifests'; readonly path: string }
  | { readonly kind: 'revision'; readonly place: string }
  /** What the other side has under this name, and this one has not. */
  | { readonly kind: 'nothing'; readonly place: string }
  | { readonly kind: 'cluster'; readonly context?: string };

/** Reads what a side means: a path that exists first, whatever else it looks like. */
function parseSide(text: string): DiffSide {
  if (text === '-' || existsSync(text)) return { kind: 'manifests', path: text };
  if (text === 'cluster') return { kind: 'cluster' };
  const context = /^context:(.+)$/s.exec(text)?.[1];
  if (context !== undefined) return { kind: 'cluster', context };
  if (!text.includes(':'))
    throw usageError(`there is no file or folder ${text}: of a revision of a git repository write ${text}:PATH, or --git ${text} PATH`);
  // Git's paths have slashes on every system.
  return { kind: 'revision', place: process.platform === 'win32' ? text.replaceAll('\\', '/') : text };
}

/** The sides of the command line; throws a CommandError. */
export async function chosenSides(positionals: readonly string[], revision: string | undefined): Promise<readonly [DiffSide, DiffSide]> {
  const [first, second] = positionals;
  if (revision !== undefined) {
    if (second !== undefined) throw usageError('with --git give one PATH at most: the other side is the same at the revision');
    return await sidesOfGit(revision, first);
  }
  if (first !== undefined && rangeOf(first) !== undefined && !existsSync(first)) return await sidesOfGit(first, second);
  if (first === undefined || second === undefined) throw usageError('give OLD and NEW, or --git REVISION [PATH]');
  if (first === '-' && second === '-') throw usageError('standard input can be one side only');
  return [parseSide(first), parseSide(second)];
}

/** `A..B`, and `A...B` from where they parted; what is not written is HEAD. */
function rangeOf(text: string): { readonly from: string; readonly to: string; readonly fromAncestor: boolean } | undefined {
  const [, from = '', dots = '', to = ''] = /^([^:]*?)(\.{2,3})([^:./\\][^:]*)?$/.exec(text) ?? [];
  if (dots === '' || from + to === '') return undefined;
  return { from: from === '' ? 'HEAD' : from, to: to === '' ? 'HEAD' : to, fromAncestor: dots === '...' };
}

/** One path at two revisions, or at one and in the working tree. It may be on one side only. */
async function sidesOfGit(revision: string, path = '.'): Promise<readonly [DiffSide, DiffSide]> {
  if (path === '-') throw usageError('--git compares a path, and standard input is none: give OLD and NEW, REVISION:PATH and -');
  const range = rangeOf(revision);
  const from = range?.fromAncestor === true ? await commonAncestor(range.from, range.to) : (range?.from ?? revision);
  const old = await placeInRevision(from, path);
  const young = range === undefined ? path : await placeInRevision(range.to, path);
  const [wasThere, isThere] = [await isInRevision(old), range === undefined ? existsSync(path) : await isInRevision(young)];
  if (!wasThere && !isThere)
    throw usageError(`there is no file or folder ${path}, neither in ${from} nor in ${range?.to ?? 'the working tree'}`);
  return [
    { kind: wasThere ? 'revision' : 'nothing', place: old },
    range === undefined && isThere ? { kind: 'manifests', path } : { kind: isThere ? 'revision' : 'nothing', place: young },
  ];
}

/** Reads the objects of a side; throws a CommandError. */
export async function readSide(side: DiffSide, options: OptionValues): Promise<ObjectSource> {
  if (side.kind === 'nothing') {
    const notice = `there is no ${side.place}: all that the other side has is on that side only (where it had another name, give OLD and NEW)`;
    return { objects: [], hosts: new Map(), notices: [notice] };
  }
  if (side.kind === 'revision') {
    const texts = await readRevision(side.place);
    return fromManifests(readManifestTexts(texts, { strict: options.flag('strict') }), options);
  }
  const manifests = side.kind === 'manifests' ? [side.path] : [];
  const context = side.kind === 'cluster' ? side.context : undefined;
  return readObjects({
    ...withTexts(options, context === undefined ? {} : { context }),
    list: (name) => (name === 'manifests' ? manifests : options.list(name)),
  });
}

/** The options, but for some of their values. */
export function withTexts(options: OptionValues, texts: Readonly<Record<string, string>>): OptionValues {
  return {
    text: (name) => texts[name] ?? options.text(name),
    whole: (name, min) => options.whole(name, min),
    list: (name) => options.list(name),
    flag: (name) => options.flag(name),
  };
}
