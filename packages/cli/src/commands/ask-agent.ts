/** Questions to the running agent of this node, over its socket. */
import { request } from 'node:http';
import { CommandError, type ExitCode, exitCode } from '../exit-code.ts';

const exitCodes: Readonly<Record<number, ExitCode>> = { 400: exitCode.usage, 404: exitCode.notFound, 503: exitCode.unable };

/** The agent's JSON answer; throws a CommandError with the agent's own words when it refuses. */
export function askAgent(socketPath: string, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, timeout: 10_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const answer = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { readonly error?: string };
        const { statusCode = 0 } = response;
        if (statusCode === 200) resolve(answer);
        else reject(new CommandError(exitCodes[statusCode] ?? exitCode.fault, answer.error ?? `the agent answers ${statusCode}`));
      });
    });
    call.on('timeout', () => call.destroy(new Error('no answer in 10 s')));
    call.on('error', (error: NodeJS.ErrnoException) =>
      reject(
        new CommandError(
          exitCode.notFound,
          `no agent answers at ${socketPath} (${error.code ?? error.message}): is it running on this node?`,
        ),
      ),
    );
    call.end();
  });
}
