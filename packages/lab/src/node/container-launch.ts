/**
 * What a container is started with: program and arguments, environment, mounts, rights, network.
 *
 * It is put together anew before every start, because what it is made of (ConfigMaps, Secrets, the
 * pod's labels) may have changed since the last one.
 */
import { ApiError, TransportError } from '@weir/client';
import type { Container } from '@weir/kube';
import { type BuiltInImage, findBuiltInImage } from '../images/built-in-images.ts';
import { type ResourceLimits, resourceLimits } from '../sandbox/resource-limits.ts';
import type { EtcFiles } from '../sandbox/root-directory.ts';
import type { OciMount, ProcessRights, SharedNamespace } from '../sandbox/runc-config.ts';
import { SandboxStartError } from '../sandbox/sandbox-process.ts';
import { type ContainerPlan, planContainer } from './container-plan.ts';
import {
  containerEnvironment,
  EnvironmentError,
  type EnvironmentFacts,
  environmentReferences,
  type KeyedObject,
} from './environment/container-environment.ts';
import type { PodFacts } from './environment/pod-fields.ts';
import { serviceEnvironment } from './environment/service-environment.ts';
import type { PodContext } from './pod-context.ts';
import { podFiles } from './pod-files.ts';
import { HostnameError } from './pod-hostname.ts';
import type { PodNames } from './pod-resolver.ts';
import { processRights, RightsError } from './process-rights.ts';
import { toolMounts } from './tool-mounts.ts';
import type { PodVolumes } from './volumes/pod-volumes.ts';
import { VolumeError } from './volumes/volume-files.ts';

/** Everything that a start of a container needs. */
export interface ContainerLaunch {
  readonly plan: ContainerPlan;
  /** The built-in images that commands inside the container may mean. */
  readonly images: readonly BuiltInImage[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** Mounts besides those of every sandbox. */
  readonly mounts: readonly OciMount[];
  /** To be awaited before a sandbox is made: fills what only real programs read. Rejects with a SandboxStartError. */
  readonly completeVolumes: () => Promise<void>;
  /** A file of one of the container's volumes, for programs without a sandbox; rejects with Node's codes. */
  readonly readFile: (path: string) => Promise<Buffer>;
  readonly rights: ProcessRights;
  readonly isRootReadOnly: boolean;
  readonly limits: ResourceLimits;
  /** Namespaces to join, made at the first call: a built-in program does without until somebody needs a sandbox. */
  readonly namespaces: () => Promise<readonly SharedNamespace[]>;
  readonly netns: string;
  /** Where the pod's ports are, for probes and hooks. */
  readonly podAddress: string;
  readonly etc: EtcFiles;
  readonly names: PodNames;
}

/** The pod around the container, at the moment of the start. */
export interface LaunchFacts extends PodFacts {
  readonly netns: string;
  readonly namespaces: (etc: EtcFiles) => Promise<readonly SharedNamespace[]>;
  readonly volumes: PodVolumes;
}

/** The container cannot be started as things are; it waits with this reason and is tried again. */
export class LaunchError extends Error {
  override readonly name = 'LaunchError';
  readonly reason: string;

  /** `reason` as in `state.waiting`, such as `CreateContainerConfigError`. */
  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Puts it together; rejects with a {@link LaunchError}. */
export async function prepareLaunch(container: Container, facts: LaunchFacts, context: PodContext): Promise<ContainerLaunch> {
  try {
    return await launchOf(container, facts, context);
  } catch (error) {
    const isTemporary = [EnvironmentError, RightsError, HostnameError, VolumeError, ApiError, TransportError].some(
      (kind) => error instanceof kind,
    );
    if (!isTemporary || !(error instanceof Error)) throw error;
    throw new LaunchError('CreateContainerConfigError', error.message);
  }
}

async function launchOf(container: Container, facts: LaunchFacts, context: PodContext): Promise<ContainerLaunch> {
  const { pod, netns, podAddresses, namespaces, volumes } = facts;
  const { options } = context;
  const images = context.images(pod);
  const rights = processRights(pod, container);
  const { etc, names } = podFiles({ pod, node: options.node, addresses: podAddresses, dns: options.dns });
  const environment = await environmentOf(
    container,
    { ...facts, hostname: etc.hostname, home: rights.user.uid === 0 ? '/root' : '/' },
    context,
  );
  const plan = planContainer(container, {
    environment,
    images,
    allowStandIn: options.standIn,
    inSandbox: pod.spec?.shareProcessNamespace === true,
  });
  // So that the container waits with its reason, and does not end, when the token cannot be had.
  if (plan.kind === 'machine') await volumes.complete();
  return {
    plan,
    images,
    environment,
    workingDirectory: container.workingDir ?? '/',
    mounts: [...toolMounts(findBuiltInImage(container.image ?? '', images)), ...(await volumes.mounts(container, environment))],
    completeVolumes: async () => {
      try {
        await volumes.complete();
      } catch (error) {
        throw new SandboxStartError(error instanceof Error ? error.message : String(error));
      }
    },
    readFile: (path) => volumes.readFile(container, path),
    rights,
    isRootReadOnly: container.securityContext?.readOnlyRootFilesystem === true,
    limits: resourceLimits(container),
    namespaces: () => namespaces(etc),
    netns,
    podAddress: podAddresses[0] ?? '',
    etc,
    names,
  };
}

async function environmentOf(
  container: Container,
  facts: PodFacts & Pick<EnvironmentFacts, 'hostname' | 'home'>,
  { objects, services }: PodContext,
): Promise<Readonly<Record<string, string>>> {
  const { namespace = '' } = facts.pod.metadata;
  const found = new Map<string, KeyedObject | undefined>();
  for (const { kind, name } of environmentReferences(container)) {
    const key = `${kind}/${name}`;
    if (!found.has(key)) found.set(key, await objects.read({ kind, namespace, name }));
  }
  return containerEnvironment(container, {
    ...facts,
    services: serviceEnvironment(await services(), { namespace, links: facts.pod.spec?.enableServiceLinks !== false }),
    find: (kind, name) => found.get(`${kind}/${name}`),
  });
}
