/** Lints the text of one manifest, as the command does with a file. */
import { readManifests } from '@weir/kube';
import { type EngineName, engineProfiles } from '@weir/model';
import { type Finding, type LintOptions, lint } from '../src/index.ts';

/** What the manifest cannot say. */
export interface LintTextOptions extends Omit<LintOptions, 'profile'> {
  readonly profile?: EngineName;
  /** Whether the objects are all that the cluster has. */
  readonly isComplete?: boolean;
}

/** The findings that count. */
export function lintText(text: string, options: LintTextOptions = {}): readonly Finding[] {
  return lintAll(text, options).filter(({ ignored }) => ignored === undefined);
}

/** All findings, those that are ignored too. */
export function lintAll(text: string, { profile, isComplete, ...options }: LintTextOptions = {}): readonly Finding[] {
  const { documents, diagnostics } = readManifests([{ file: 'policies.yaml', text }]);
  const input = { objects: documents, diagnostics, texts: new Map([['policies.yaml', text]]) };
  return lint(
    { ...input, ...(isComplete === undefined ? {} : { isComplete }) },
    { ...options, ...(profile === undefined ? {} : { profile: engineProfiles[profile] }) },
  ).findings;
}
