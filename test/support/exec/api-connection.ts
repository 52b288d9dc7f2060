/** How a test reaches a cluster's API server without kubectl: address and certificates of its kubeconfig. */
import type { ConnectionOptions } from 'node:tls';
import type { LabCluster } from '../lab-cluster.ts';

/** TLS to one API server, as the kubeconfig's user. */
export type ApiConnection = Required<Pick<ConnectionOptions, 'host' | 'port' | 'ca' | 'cert' | 'key'>>;

/** A command in a container of a pod; the pod's only container when none is named. */
export interface ExecRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container?: string;
  readonly command: readonly string[];
  /** Sent at once, then the input is closed; absent: the command has no input. */
  readonly stdin?: string;
  /** Query parameters that the client sends besides. */
  readonly more?: readonly (readonly [string, string])[];
}

/** What came of a command. */
export interface ExecResult {
  readonly stdout: string;
  readonly stderr: string;
  /** The Status of the error stream. */
  readonly status: { readonly status?: string; readonly message?: string; readonly reason?: string; readonly details?: unknown };
}

/** Reads the cluster's kubeconfig. */
export async function apiConnectionOf(cluster: LabCluster): Promise<ApiConnection> {
  const config = JSON.parse(await cluster.kubectlOutput('config view --raw --minify -o json')) as Kubeconfig;
  const [{ cluster: server } = missing()] = config.clusters;
  const [{ user } = missing()] = config.users;
  const url = new URL(server.server);
  const decode = (text: string): Buffer => Buffer.from(text, 'base64');
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port),
    ca: decode(server['certificate-authority-data']),
    cert: decode(user['client-certificate-data']),
    key: decode(user['client-key-data']),
  };
}

/** Path and query of an exec request, as client-go writes them. */
export function execPath({ namespace, pod, container, command, stdin, more = [] }: ExecRequest): string {
  const query = new URLSearchParams(command.map((word): [string, string] => ['command', word]));
  if (container !== undefined) query.append('container', container);
  query.append('stderr', 'true');
  if (stdin !== undefined) query.append('stdin', 'true');
  query.append('stdout', 'true');
  for (const [name, value] of more) query.append(name, value);
  return `/api/v1/namespaces/${namespace}/pods/${pod}/exec?${query.toString()}`;
}

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } }[];
  readonly users: readonly { readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string } }[];
}

function missing(): never {
  throw new Error('the kubeconfig has no cluster or no user');
}
