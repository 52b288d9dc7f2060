/** A PATH without one program, as on a machine where it is not installed. */
import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Fills the directory with links to every program of PATH but `absent`; gives the directory. */
export function programsWithout(directory: string, absent: string): string {
  mkdirSync(directory);
  const directories = (process.env['PATH'] ?? '').split(delimiter).filter((entry) => entry !== '' && existsSync(entry));
  const taken = new Set([absent]);
  for (const from of directories) {
    for (const name of readdirSync(from).filter((program) => !taken.has(program))) {
      taken.add(name);
      symlinkSync(join(from, name), join(directory, name));
    }
  }
  return directory;
}
