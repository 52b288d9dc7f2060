/** Where the command starts: in the bundle, or in the modules when any was compiled after the bundle was made. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The directory of all packages. */
export const packages = fileURLToPath(new URL('../..', import.meta.url));

/** The bundle's module; made by scripts/bundle.mjs. */
export const bundle = join(packages, 'cli', 'dist', 'bundle', 'index.js');

/** Whether there is a bundle, and nothing was compiled since. */
export function isBundled() {
  const made = lastChange(bundle);
  return readdirSync(packages).every((name) => lastChange(join(packages, name, 'dist', '.tsbuildinfo')) < made);
}

/** Milliseconds since 1970; 0 for a file that is not there. */
function lastChange(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
