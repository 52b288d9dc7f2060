/** How many values an element has in maps with one for each processor. */
import { readFileSync } from 'node:fs';

/** Processors that the machine can have, whether or not they run: the kernel keeps a value for each. */
export function possibleProcessors(): number {
  // Such as `0-3` or `0-3,8-11`.
  const text = readFileSync('/sys/devices/system/cpu/possible', 'utf8').trim();
  const last = text.split(',').map((range) => Number(range.split('-').at(-1)));
  return Math.max(...last) + 1;
}
