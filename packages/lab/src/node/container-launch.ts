/**
 * What a container is started with: program and arguments, environment, mounts, user, network.
 *
 * It is put together anew before every start, because what it is made of (ConfigMaps, Secrets, the
 * pod's labels) may have changed since the last one.
 */
import type { Container, Pod } from '@weir/kube';
import type { BuiltInImage } from '../images/built-in-images.ts';
import type { EtcFiles } from '../sandbox/root-directory.ts';
import type { OciMount, ProcessUser, SharedNamespace } from '../sandbox/runc-config.ts';
import { containerEnvironment } from './container-environment.ts';
import { type ContainerPlan, planContainer } from './container-plan.ts';
import type { NodeOptions } from './node-options.ts';
import { podFiles } from './pod-files.ts';
import type { PodNames } from './pod-resolver.ts';

/** Everything that a start of a container needs. */
export interface ContainerLaunch {
  readonly plan: ContainerPlan;
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** Mounts besides those of every sandbox. */
  readonly mounts: readonly OciMount[];
  readonly user: ProcessUser;
  /** Namespaces to join, made at the first call: a built-in program does without until somebody needs a sandbox. */
  readonly namespaces: () => Promise<readonly SharedNamespace[]>;
  readonly netns: string;
  /** Where the pod's ports are, for probes and hooks. */
  readonly podAddress: string;
  readonly etc: EtcFiles;
  readonly names: PodNames;
}

/** The pod around the container, at the moment of the start. */
export interface LaunchFacts {
  readonly pod: Pod;
  readonly netns: string;
  readonly podAddresses: readonly string[];
  readonly namespaces: (etc: EtcFiles) => Promise<readonly SharedNamespace[]>;
  readonly images: readonly BuiltInImage[];
  readonly options: Pick<NodeOptions, 'node' | 'addresses' | 'dns' | 'standIn'>;
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
export async function prepareLaunch(container: Container, facts: LaunchFacts): Promise<ContainerLaunch> {
  const { pod, netns, podAddresses, namespaces, images, options } = facts;
  const { etc, names } = podFiles({ pod, node: options.node, addresses: podAddresses, dns: options.dns });
  const environment = containerEnvironment(container, { pod, hostname: etc.hostname, podAddresses, hostAddresses: options.addresses });
  return {
    plan: planContainer(container, {
      environment,
      images,
      allowStandIn: options.standIn,
      inSandbox: pod.spec?.shareProcessNamespace === true,
    }),
    environment,
    workingDirectory: container.workingDir ?? '/',
    mounts: [],
    user: { uid: 0, gid: 0 },
    namespaces: () => namespaces(etc),
    netns,
    podAddress: podAddresses[0] ?? '',
    etc,
    names,
  };
}
