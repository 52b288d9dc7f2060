/**
 * The images that the lab has: programs of its own, found by the last parts of an image's name, in
 * any registry and with any tag. Another built-in image is another line in the table.
 */
import { createHash } from 'node:crypto';
import { agnhost } from './agnhost/agnhost.ts';
import type { Program } from './program.ts';

/** An image that is a program of the lab's own. */
export interface BuiltInImage {
  /** Last part of the image's name, or its last parts: `agnhost`, `calico/node`. */
  readonly name: string;
  /** Path of the program inside the container, by which commands name it. */
  readonly entrypoint: string;
  /** The path of the same program in the image for Windows. */
  readonly windowsEntrypoint?: string;
  /** Arguments when the container gives neither command nor arguments. */
  readonly defaultArguments: readonly string[];
  /** Whether sandboxes have it as an executable at its entrypoint. */
  readonly hasExecutable: boolean;
  readonly program: Program;
  /** Further programs, by the word by which commands name them. */
  readonly commands?: Readonly<Record<string, Program>>;
  /** Whether it starts again at once whenever it has ended, because somebody else sees to the delays. */
  readonly startsAgainAtOnce?: boolean;
  /** Programs that the machine has elsewhere than in /usr, and that the image has in {@link toolsDirectory}. */
  readonly tools?: readonly string[];
}

/** Where an image has its tools. */
export const toolsDirectory = '/opt/tools';

/** Every built-in image. */
export const builtInImages: readonly BuiltInImage[] = [
  {
    name: 'agnhost',
    entrypoint: '/agnhost',
    windowsEntrypoint: 'C:\\agnhost.exe',
    defaultArguments: ['pause'],
    hasExecutable: true,
    program: agnhost,
  },
  {
    // Of AKS, for commands that are sent to a cluster: programs of the machine, and two more.
    name: 'command/runtime',
    entrypoint: '/command',
    defaultArguments: [],
    hasExecutable: false,
    program: (context) => {
      context.stderr('This image runs what it is told: give a command.\n');
      return Promise.resolve(1);
    },
    tools: ['kubectl', 'helm'],
  },
];

/** Whether a path names the image's program; a path of Windows in any case and with either slash. */
export function namesProgram({ entrypoint, windowsEntrypoint }: BuiltInImage, path: string): boolean {
  return path === entrypoint || (windowsEntrypoint !== undefined && windowsPath(path) === windowsPath(windowsEntrypoint));
}

function windowsPath(path: string): string {
  return path.toLowerCase().replaceAll('/', '\\');
}

/** An image reference taken apart. */
export interface ImageName {
  /** Registry and path without tag and digest. */
  readonly repository: string;
  /** Last part of the path. */
  readonly name: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** Reads a reference as container engines do; undefined when it is none (`InvalidImageName`). */
export function parseImageName(reference: string): ImageName | undefined {
  const match =
    /^((?:[a-zA-Z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)(?::([\w][\w.-]{0,127}))?(?:@([a-z0-9]+:[0-9a-fA-F]{32,}))?$/.exec(
      reference,
    );
  const repository = match?.[1];
  if (repository === undefined) return undefined;
  return { repository, name: repository.split('/').at(-1) ?? repository, tag: match?.[2], digest: match?.[3] };
}

/** The built-in image of that reference, if there is one among those of the node. */
export function findBuiltInImage(reference: string, images: readonly BuiltInImage[] = builtInImages): BuiltInImage | undefined {
  const repository = parseImageName(reference)?.repository;
  return images.find(({ name }) => repository === name || repository?.endsWith(`/${name}`) === true);
}

/** What a kubelet reports as `imageID`: the repository with a digest that depends on the name alone. */
export function imageId(reference: string): string {
  const parsed = parseImageName(reference);
  const digest = createHash('sha256')
    .update(`weir built-in ${parsed?.name ?? reference}`)
    .digest('hex');
  return `${parsed?.repository ?? reference}@sha256:${digest}`;
}

/** Why an image cannot be had, for the status and the Event of the pod. */
export function missingImageMessage(reference: string): string {
  const offered = builtInImages.map((image) => image.name).join(', ');
  return `failed to pull image "${reference}": the lab has no container registry; its built-in images are: ${offered} (any registry and tag). Start the cluster with --stand-in to run a stand-in that serves the declared containerPorts of any other image`;
}
