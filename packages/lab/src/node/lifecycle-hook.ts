/** The hooks of a container: what runs right after its start and before its end (core/v1 Lifecycle). */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LifecycleHandler } from '@weir/kube';
import type { ContainerTarget } from './container-target.ts';
import { getOverHttp } from './probes/http-get.ts';

/** Patience with a server that a hook calls. */
const httpTimeoutMs = 30_000;

/** Runs the hook; rejects when it fails or the signal comes first. Any answer of a server is a success. */
export async function runHook(
  { exec, httpGet, sleep: pause, tcpSocket }: LifecycleHandler,
  target: ContainerTarget,
  signal: AbortSignal,
): Promise<void> {
  if (exec !== undefined) {
    const command = exec.command ?? [];
    const { exitCode, output } = await target.run(command, signal);
    signal.throwIfAborted();
    if (exitCode !== 0) throw new Error(`command '${command.join(' ')}' exited with ${exitCode}: ${output}`);
  } else if (httpGet !== undefined) {
    await getOverHttp(httpGet, target, { timeoutMs: httpTimeoutMs, userAgent: 'kube-lifecycle/1.35', signal });
  } else if (pause !== undefined) {
    await sleep(1_000 * pause.seconds, undefined, { signal });
  } else {
    throw new Error(tcpSocket === undefined ? 'invalid handler: nothing is set' : 'invalid handler: tcpSocket is not a hook any more');
  }
}
