/** Going on as another program in the same process: pid, parent, limits and standard streams stay. */
import { checked, execve, fcntl } from '../libc/libc.ts';

const fSetfd = 2;

/**
 * Becomes the program; returns only by throwing a SystemCallError. All threads end, all descriptors but
 * the standard streams are closed, and nothing that was to run at exit runs.
 */
export function replaceProcess(program: string, args: readonly string[], environment: Readonly<Record<string, string | undefined>>): never {
  // Node marks them to be closed.
  for (const fd of [0, 1, 2]) fcntl(fd, fSetfd, 0);
  const variables = Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  checked(execve(program, [program, ...args, null], [...variables, null]), 'execve', program);
  throw new Error(`execve ${program} came back`);
}
