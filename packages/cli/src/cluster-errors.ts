/** Turns what the lab says of clusters and networks into exit codes. */
import { ClusterError, NetworkError } from '@weir/lab';
import { CommandError, type ExitCode, exitCode } from './exit-code.ts';

/** Passes the result on; what the lab throws becomes a {@link CommandError}. */
export async function explained<T>(action: Promise<T>): Promise<T> {
  try {
    return await action;
  } catch (error) {
    if (error instanceof ClusterError) throw new CommandError(clusterExitCode(error), error.message);
    if (error instanceof NetworkError) throw new CommandError(networkExitCode(error), error.message);
    throw error;
  }
}

function clusterExitCode({ code }: ClusterError): ExitCode {
  switch (code) {
    case 'invalid':
    case 'differs':
      return exitCode.usage;
    case 'not-found':
      return exitCode.notFound;
    case 'busy':
    case 'failed':
      return exitCode.unable;
    case 'interrupted':
      return exitCode.no;
  }
}

function networkExitCode({ code }: NetworkError): ExitCode {
  switch (code) {
    case 'not-found':
      return exitCode.notFound;
    case 'kernel':
      return exitCode.unable;
    case 'invalid-name':
    case 'name-taken':
    case 'address-taken':
    case 'invalid-address':
      return exitCode.usage;
  }
}
