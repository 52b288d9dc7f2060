/** Whether the kernel ended processes of a container because its memory was used up. */
import { readFileSync } from 'node:fs';

/** Where the count is: in version 1 of control groups, and in version 2. */
const files = (cgroup: string): readonly string[] => [
  `/sys/fs/cgroup/memory${cgroup}/memory.oom_control`,
  `/sys/fs/cgroup${cgroup}/memory.events`,
];

/** Asks the container's control group, which must still be there; `cgroup` begins with a slash. */
export function hasRunOutOfMemory(cgroup: string): boolean {
  return files(cgroup).some((file) => {
    try {
      return Number(/^oom_kill (\d+)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? 0) > 0;
    } catch {
      return false;
    }
  });
}
