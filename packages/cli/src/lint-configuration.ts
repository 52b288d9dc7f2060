/** Finds and reads the linter's configuration: the file that is named, or `.weir-lint.yaml` here or in a folder above. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { formatTextPosition } from '@weir/kube';
import { type LintConfiguration, listRules, readLintConfiguration } from '@weir/lint';
import { usageError } from './exit-code.ts';
import { fileProblem } from './file-problem.ts';
import { readTextFile } from './text-file.ts';

const fileName = '.weir-lint.yaml';

/** The configuration; empty where there is no file. A file that cannot be meant is a usage error with every place. */
export function findLintConfiguration(named: string | undefined): LintConfiguration {
  const file = named ?? nearestFile(process.cwd());
  if (file === undefined) return {};
  let text: string;
  try {
    text = readTextFile(file);
  } catch (error) {
    throw usageError(`--config ${file}: ${fileProblem(error)}`);
  }
  const known = new Set(listRules().map(({ id }) => id));
  const { configuration, problems } = readLintConfiguration(text, file, (id) => known.has(id));
  if (problems.length === 0) return configuration;
  throw usageError(problems.map(({ message, position }) => `${formatTextPosition(position)}: ${message}`).join('\n      '));
}

/** In a folder or in one above it, up to the one that a repository begins in. */
function nearestFile(from: string): string | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const file = join(folder, fileName);
    if (existsSync(file)) return file;
    if (existsSync(join(folder, '.git')) || dirname(folder) === folder) return undefined;
  }
}
