/** The programs of the machine that an image has beside those in /usr: found on the PATH of the node's process. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type BuiltInImage, toolsDirectory } from '../images/built-in-images.ts';
import { type OciMount, readOnlyBind } from '../sandbox/runc-config.ts';

/** A tool that the machine does not have is not there in the container. */
export function toolMounts(image: BuiltInImage | undefined): readonly OciMount[] {
  return (image?.tools ?? []).flatMap((tool) => {
    const path = findProgram(tool);
    return path === undefined ? [] : [readOnlyBind(path, `${toolsDirectory}/${tool}`)];
  });
}

function findProgram(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((directory) => directory.startsWith('/'))
    .map((directory) => join(directory, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
