/** What OLD and NEW of `weir diff` can be: manifests, a revision of a git repository, a cluster. */
import { existsSync } from 'node:fs';
import type { OptionValues } from './command.ts';
import { usageError } from './exit-code.ts';
import { readRevision } from './git-revision.ts';
import { readManifestTexts } from './manifest-files.ts';
import { fromManifests, type ObjectSource, readObjects } from './objects.ts';

/** A side as it was written, and what it means. */
export type DiffSide =
  | { readonly kind: 'manifests'; readonly path: string }
  | { readonly kind: 'revision'; readonly place: string }
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
export function chosenSides(positionals: readonly string[], revision: string | undefined): readonly [DiffSide, DiffSide] {
  const [first, second] = positionals;
  if (revision !== undefined) {
    if (second !== undefined) throw usageError('with --git give one PATH at most: the other side is the same at the revision');
    const path = first ?? '.';
    if (path === '-' || path.startsWith('/')) throw usageError(`--git compares a path from here: ${path} is none`);
    return [
      { kind: 'revision', place: `${revision}:./${path.replaceAll('\\', '/').replace(/^\.\/|^\.$/, '')}` },
      { kind: 'manifests', path },
    ];
  }
  if (first === undefined || second === undefined) throw usageError('give OLD and NEW, or --git REVISION [PATH]');
  if (first === '-' && second === '-') throw usageError('standard input can be one side only');
  return [parseSide(first), parseSide(second)];
}

/** Reads the objects of a side; throws a CommandError. */
export async function readSide(side: DiffSide, options: OptionValues): Promise<ObjectSource> {
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
