/** The files in `deploy/`, read as Kubernetes and systemd read them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseManifest } from '@weir/kube';

const root = join(import.meta.dirname, '..', '..', '..', '..');

/** The checkout. */
export const checkout: string = root;

export function deployedFile(path: string): string {
  return join(root, 'deploy', path);
}

export function readDeployed(path: string): string {
  return readFileSync(deployedFile(path), 'utf8');
}

/** A container of the DaemonSet, as far as tests look at it. */
export interface DeployedContainer {
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly securityContext: {
    readonly allowPrivilegeEscalation: boolean;
    readonly readOnlyRootFilesystem: boolean;
    readonly privileged: boolean;
    readonly runAsUser: number;
    readonly capabilities: { readonly add: readonly string[]; readonly drop: readonly string[] };
    readonly seccompProfile: { readonly localhostProfile: string };
  };
  readonly livenessProbe: { readonly httpGet: { readonly host: string; readonly port: number; readonly path: string } };
  readonly readinessProbe: { readonly httpGet: { readonly host: string; readonly port: number; readonly path: string } };
  readonly resources: { readonly limits: { readonly memory: string } };
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

/** All objects of the manifest; what our own parser complains about is an error. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests look into objects of any shape
export function deployedObjects(): readonly any[] {
  const file = 'kubernetes/weir-agent.yaml';
  const { documents, diagnostics } = parseManifest(readDeployed(file), file);
  if (diagnostics.length > 0) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return documents.map(({ object }) => object);
}

/** The agent's container. */
export function deployedContainer(): DeployedContainer {
  return deployedObjects().find(({ kind }) => kind === 'DaemonSet').spec.template.spec.containers[0];
}
