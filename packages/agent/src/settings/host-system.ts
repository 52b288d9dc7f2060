/** The operating system that the agent runs on. */
import type { OperatingSystem } from '@weir/model';

/** Windows by its own name, everything else counts as Linux: there is no third. */
export function hostSystem(): OperatingSystem {
  return process.platform === 'win32' ? 'windows' : 'linux';
}
