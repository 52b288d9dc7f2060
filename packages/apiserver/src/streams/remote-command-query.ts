/** The query of exec and attach requests (core/v1 PodExecOptions, PodAttachOptions). */
import { badRequest } from '../errors/api-error.ts';

/** What a client asks of exec or attach. */
export interface RemoteCommandQuery {
  /** Program and arguments; empty for attach. */
  readonly command: readonly string[];
  /** Absent: the pod's default container. The first one counts when a client repeats it. */
  readonly container?: string;
  readonly stdin: boolean;
  readonly stdout: boolean;
  /** Always false with `tty`: a terminal has one output only. */
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** Reads the query of `url` (path and query). Throws ApiError 400 when no stream is asked for. */
export function parseRemoteCommandQuery(url: string): RemoteCommandQuery {
  const parameters = new URL(url, 'http://localhost').searchParams;
  const flag = (name: string): boolean => isTrue(parameters.get(name));
  const tty = flag('tty');
  const query = { stdin: flag('stdin'), stdout: flag('stdout'), stderr: flag('stderr') };
  if (!query.stdin && !query.stdout && !query.stderr) {
    throw badRequest('you must specify at least 1 of stdin, stdout, stderr');
  }
  const container = parameters.get('container');
  return {
    command: parameters.getAll('command'),
    ...(container === null || container === '' ? {} : { container }),
    ...query,
    stderr: query.stderr && !tty,
    tty,
  };
}

/** Boolean query parameters as the real server reads them: absent, `0` and `false` are false, all else is true. */
function isTrue(value: string | null): boolean {
  return value !== null && value !== '0' && value.toLowerCase() !== 'false';
}
