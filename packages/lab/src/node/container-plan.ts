/** What a container of the pod's specification becomes in the lab: a built-in program, a program of the machine, a stand-in, or nothing. */
import type { Container } from '@weir/kube';
import { type BuiltInImage, findBuiltInImage, missingImageMessage, namesProgram, parseImageName } from '../images/built-in-images.ts';
import type { Program } from '../images/program.ts';
import { standIn } from '../images/stand-in.ts';
import { expandVariables } from './environment/container-environment.ts';

/** How to run a container. */
export type ContainerPlan =
  | { readonly kind: 'program'; readonly program: Program; readonly argv: readonly string[]; readonly startsAgainAtOnce?: boolean }
  | { readonly kind: 'machine'; readonly argv: readonly string[] }
  | { readonly kind: 'unavailable'; readonly reason: 'ErrImagePull' | 'InvalidImageName' | 'ErrImageNeverPull'; readonly message: string };

/** What a plan depends on besides the container. */
export interface ContainerPlanOptions {
  /** Serves the `$(NAME)` references of command and arguments. */
  readonly environment: Readonly<Record<string, string>>;
  /** The images that the node has. */
  readonly images: readonly BuiltInImage[];
  /** Whether an unknown image gets a stand-in. */
  readonly allowStandIn: boolean;
  /** Whether a built-in program has to run as a process of its own, because others are to see it or its files. */
  readonly inSandbox: boolean;
}

/** Decides it. */
export function planContainer(container: Container, { environment, images, allowStandIn, inSandbox }: ContainerPlanOptions): ContainerPlan {
  const image = container.image ?? '';
  if (parseImageName(image) === undefined) {
    const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`;
    return { kind: 'unavailable', reason: 'InvalidImageName', message };
  }
  const builtIn = findBuiltInImage(image, images);
  if (builtIn === undefined) return planUnknown(container, allowStandIn);
  const expand = (texts: readonly string[]): readonly string[] => texts.map((text) => expandVariables(text, environment));
  const given = container.command !== undefined && container.command.length > 0;
  const command = given ? expand(container.command ?? []) : [builtIn.entrypoint];
  const rest = container.args !== undefined && container.args.length > 0 ? expand(container.args) : given ? [] : builtIn.defaultArguments;
  const [program = '', ...argv] = [...command, ...rest];
  if (inSandbox && builtIn.hasExecutable && namesProgram(builtIn, program)) return { kind: 'machine', argv: [builtIn.entrypoint, ...argv] };
  const { startsAgainAtOnce = false } = builtIn;
  return namesProgram(builtIn, program)
    ? { kind: 'program', program: builtIn.program, argv, startsAgainAtOnce }
    : { kind: 'machine', argv: [program, ...argv] };
}

/** The built-in program that an `exec` of this command means, if it means one. `images` are those of the node. */
export function builtInCommand(
  container: Container,
  command: readonly string[],
  images: readonly BuiltInImage[],
): { readonly program: Program; readonly argv: readonly string[] } | undefined {
  const image = findBuiltInImage(container.image ?? '', images);
  const [path, ...argv] = command;
  if (image === undefined || path === undefined) return undefined;
  const program = namesProgram(image, path) ? image.program : Object.entries(image.commands ?? {}).find(([word]) => word === path)?.[1];
  return program === undefined ? undefined : { program, argv };
}

function planUnknown(container: Container, allowStandIn: boolean): ContainerPlan {
  const image = container.image ?? '';
  if (!allowStandIn) return { kind: 'unavailable', reason: 'ErrImagePull', message: missingImageMessage(image) };
  const ports = (container.ports ?? []).map((port) => ({ port: port.containerPort, protocol: port.protocol ?? 'TCP' }));
  return { kind: 'program', program: standIn(image, ports), argv: [] };
}
