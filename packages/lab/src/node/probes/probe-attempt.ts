/** One attempt of a probe of any kind, with what a kubelet says of its outcome. */
import { isIPv6, connect as openTcp } from 'node:net';
import { abortAfter } from '@weir/client';
import type { Probe } from '@weir/kube';
import { errnoText } from '../../images/agnhost/go-text.ts';
import { type ContainerTarget, portOf } from '../container-target.ts';
import { checkGrpcHealth } from './grpc-health.ts';
import { getOverHttp } from './http-get.ts';

/** How an attempt ended; `error` is one that says nothing about the container. */
export interface ProbeOutcome {
  readonly kind: 'success' | 'failure' | 'error';
  readonly output: string;
}

/** Of what a command says so many characters go into the Event. */
const outputLimit = 10 * 1024;
const userAgent = 'kube-probe/1.35';

/** Tries once, within the probe's own time limit; an aborted attempt is an error. */
export async function attemptProbe(probe: Probe, target: ContainerTarget, stop: AbortSignal): Promise<ProbeOutcome> {
  const timeoutMs = 1_000 * (probe.timeoutSeconds ?? 1);
  const signal = abortAfter(timeoutMs, stop);
  try {
    if (probe.exec !== undefined) return await byCommand(probe.exec.command ?? [], target, signal);
    if (probe.httpGet !== undefined) return await byHttp(probe.httpGet, target, { timeoutMs, signal: stop });
    if (probe.tcpSocket !== undefined) return await byTcp(probe.tcpSocket, target, signal);
    if (probe.grpc !== undefined) return await byGrpc(probe.grpc, target, signal);
    return { kind: 'error', output: 'missing probe handler' };
  } catch (error) {
    return { kind: 'error', output: error instanceof Error ? error.message : String(error) };
  }
}

async function byCommand(command: readonly string[], target: ContainerTarget, signal: AbortSignal): Promise<ProbeOutcome> {
  const { exitCode, output } = await target.run(command, signal);
  if (signal.aborted) return { kind: 'failure', output: `command timed out: "${command.join(' ')}" did not end in time` };
  return { kind: exitCode === 0 ? 'success' : 'failure', output: output.slice(0, outputLimit) };
}

async function byHttp(
  action: NonNullable<Probe['httpGet']>,
  target: ContainerTarget,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<ProbeOutcome> {
  // A port that the container does not have is a fault of the probe, not of the server.
  portOf(target, action.port);
  try {
    const { statusCode, body } = await getOverHttp(action, target, { ...options, userAgent });
    if (statusCode >= 200 && statusCode < 400) return { kind: 'success', output: body };
    return { kind: 'failure', output: `HTTP probe failed with statuscode: ${statusCode}` };
  } catch (error) {
    return { kind: 'failure', output: error instanceof Error ? error.message : String(error) };
  }
}

function byTcp({ port, host }: NonNullable<Probe['tcpSocket']>, target: ContainerTarget, signal: AbortSignal): Promise<ProbeOutcome> {
  const name = host === undefined || host === '' ? target.host : host;
  const number = portOf(target, port);
  const where = `${isIPv6(name) ? `[${name}]` : name}:${number}`;
  return new Promise((resolve) => {
    const socket = openTcp({ host: name, port: number });
    const end = (outcome: ProbeOutcome): void => {
      signal.removeEventListener('abort', onTimeout);
      socket.destroy();
      resolve(outcome);
    };
    const onTimeout = (): void => end({ kind: 'failure', output: `dial tcp ${where}: i/o timeout` });
    signal.addEventListener('abort', onTimeout, { once: true });
    socket.once('connect', () => end({ kind: 'success', output: '' }));
    socket.once('error', (error) => end({ kind: 'failure', output: `dial tcp ${where}: connect: ${errnoText(error)}` }));
  });
}

async function byGrpc(
  { port, service = '' }: NonNullable<Probe['grpc']>,
  { host }: ContainerTarget,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  try {
    const status = await checkGrpcHealth({ host, port, service, signal });
    if (status === 'SERVING') return { kind: 'success', output: 'service healthy' };
    return { kind: 'failure', output: `service unhealthy (responded with "${status}")` };
  } catch (error) {
    const why = signal.aborted ? 'context deadline exceeded' : errnoText(error);
    return { kind: 'failure', output: `failed to connect service "${host}:${port}": ${why}` };
  }
}
