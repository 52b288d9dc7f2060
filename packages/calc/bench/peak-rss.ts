/** The most memory that this process has ever had in RAM. */
import { readFileSync } from 'node:fs';

/** In bytes. Not `ru_maxrss`: that is handed down through fork and exec, so a large parent would be measured. */
export function peakRss(): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
}
