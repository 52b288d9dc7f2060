/** The option `--audit-policy FILE`. */
import { readFileSync, statSync } from 'node:fs';
import { type AuditPolicy, parseAuditPolicy } from '@weir/kube';
import { usageError } from './exit-code.ts';
import { fileProblem } from './file-problem.ts';

/** No policy is longer, in bytes. */
const fileLimit = 1024 * 1024;

/** The policy of a file; undefined without one. Throws wrong usage for a file that cannot be read or understood. */
export function readAuditPolicy(file: string | undefined): AuditPolicy | undefined {
  if (file === undefined) return undefined;
  const parsed = parseAuditPolicy(textOf(file), file);
  if ('problems' in parsed) throw usageError(`--audit-policy: ${parsed.problems.join('\n')}`);
  return parsed.policy;
}

function textOf(file: string): string {
  try {
    const { size } = statSync(file);
    if (size > fileLimit) throw new Error(`it has ${size} bytes, more than the ${fileLimit} that are read`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw usageError(`--audit-policy: ${file} cannot be read: ${fileProblem(error)}`);
  }
}
