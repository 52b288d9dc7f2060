/** The files of `weir test`: found, read, each with the objects that it is about. */
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type AssertionFile, readAssertions } from '@weir/assertions';
import { formatDiagnostic } from '@weir/kube';
import type { OptionValues } from '../command.ts';
import { usageError } from '../exit-code.ts';
import { fileProblem } from '../file-problem.ts';
import { type ObjectSource, readObjects } from '../objects.ts';
import { standardInput } from '../reports/reported-finding.ts';
import { readStandardInput, readTextFile } from '../text-file.ts';

/** How files of assertions are called where a folder is given. */
const fileName = /\.weir-test\.(ya?ml|json)$/i;

/** A file of assertions with the cluster that it is about. */
export interface TestFile {
  readonly tests: AssertionFile;
  readonly source: ObjectSource;
  /** Files and folders that were read for it. */
  readonly paths: readonly string[];
}

/** Reads all files below the paths; throws a usage error with everything that is wrong. */
export async function readTestFiles(paths: readonly string[], options: OptionValues): Promise<TestFile[]> {
  const files = (paths.length === 0 ? ['.'] : paths).flatMap(filesAt);
  const read = files.map((file) => readAssertions(readText(file), file));
  const problems = read.flatMap(({ diagnostics }) => diagnostics.map(formatDiagnostic));
  if (problems.length > 0) throw usageError(problems.join('\n      '));
  const sources = new Map<string, Promise<ObjectSource>>();
  return Promise.all(
    read
      .flatMap((each) => each.files)
      .map(async (tests): Promise<TestFile> => {
        const manifests = manifestsOf(tests, options);
        const key = JSON.stringify(manifests);
        const source = sources.get(key) ?? readObjects(withManifests(options, manifests));
        sources.set(key, source);
        return { tests, source: await source, paths: [tests.file, ...manifests] };
      }),
  );
}

/** What the command line says goes before what the file says; a cluster that is named, too. */
function manifestsOf({ file, manifests }: AssertionFile, options: OptionValues): readonly string[] {
  const given = options.list('manifests');
  if (given.length > 0) return given;
  const namesCluster = ['kubeconfig', 'context', 'name'].some((name) => options.text(name) !== undefined);
  return namesCluster ? [] : manifests.map((path) => join(dirname(file), path));
}

function withManifests(options: OptionValues, manifests: readonly string[]): OptionValues {
  return { ...options, list: (name) => (name === 'manifests' ? manifests : options.list(name)) };
}

function filesAt(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    const found = filesBelow(path);
    if (found.length > 0) return found;
  } catch (error) {
    throw usageError(`${path}: ${fileProblem(error)}`);
  }
  throw usageError(`there is no file of assertions (*.weir-test.yaml) in ${path}: write one as docs/test.md says, or name it`);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      // As with manifests: hidden folders and packages of others are not one's own.
      if (entry.isDirectory()) return entry.name.startsWith('.') || entry.name === 'node_modules' ? [] : filesBelow(path);
      return fileName.test(entry.name) ? [path] : [];
    });
}

function readText(file: string): string {
  try {
    return file === '-' ? readStandardInput() : readTextFile(file);
  } catch (error) {
    throw usageError(`${file === '-' ? standardInput : file}: ${fileProblem(error)}`);
  }
}
