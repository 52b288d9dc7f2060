/** The files in `deploy/`, read as Kubernetes and systemd read them. */
import { execFileSync } from 'node:child_process';
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
  return objectsIn('kubernetes/weir-agent.yaml');
}

/** All objects of a file in `deploy/`. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests look into objects of any shape
export function objectsIn(path: string): readonly any[] {
  return objectsOf(path, readDeployed(path));
}

/** The agent's container. */
export function deployedContainer(): DeployedContainer {
  return containerOf(deployedObjects());
}

/** All objects that `kubectl apply -k` makes of a folder of `deploy/`. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests look into objects of any shape
export function renderedObjects(folder: string): readonly any[] {
  const kubectl = join(root, '.setup', 'bin', 'kubectl');
  return objectsOf(folder, execFileSync(kubectl, ['kustomize', deployedFile(folder)], { encoding: 'utf8' }));
}

/** The agent's container among them. */
export function containerOf(objects: ReturnType<typeof renderedObjects>): DeployedContainer {
  return objects.find(({ kind }) => kind === 'DaemonSet').spec.template.spec.containers[0];
}

function objectsOf(name: string, text: string): ReturnType<typeof renderedObjects> {
  const { documents, diagnostics } = parseManifest(text, name);
  if (diagnostics.length > 0) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return documents.map(({ object }) => object);
}
