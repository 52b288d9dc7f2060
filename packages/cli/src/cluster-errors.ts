/** Turns what the lab says of clusters and networks into exit codes. */
import type { ClusterError, NetworkError } from '@weir/lab';
import { CommandError, type ExitCode, exitCode } from './exit-code.ts';

const clusterExitCodes = {
  invalid: exitCode.usage,
  differs: exitCode.usage,
  'not-found': exitCode.notFound,
  busy: exitCode.unable,
  failed: exitCode.unable,
  undrained: exitCode.unable,
  interrupted: exitCode.no,
} as const satisfies Record<ClusterError['code'], ExitCode>;

const networkExitCodes = {
  'not-found': exitCode.notFound,
  kernel: exitCode.unable,
  'invalid-name': exitCode.usage,
  'name-taken': exitCode.usage,
  'address-taken': exitCode.usage,
  'invalid-address': exitCode.usage,
} as const satisfies Record<NetworkError['code'], ExitCode>;

/** Passes the result on; what the lab throws becomes a {@link CommandError}. */
export async function explained<T>(action: Promise<T>): Promise<T> {
  try {
    return await action;
  } catch (error) {
    if (isForbiddenToUsers(error)) throw new CommandError(exitCode.unable, `the lab needs root: ${error.message}`);
    // Loaded at the time of need: who got here has the lab in memory already.
    const { ClusterError, NetworkError } = await import('@weir/lab');
    if (error instanceof ClusterError) throw new CommandError(clusterExitCodes[error.code], error.message);
    if (error instanceof NetworkError) throw new CommandError(networkExitCodes[error.code], error.message);
    throw error;
  }
}

/** Whether the machine refuses somebody who is not root what the lab is made of. */
function isForbiddenToUsers(error: unknown): error is Error {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return (code === 'EACCES' || code === 'EPERM') && process.geteuid?.() !== 0;
}
