/** Who is a node: `system:node:NAME` in the group `system:nodes` (`pkg/auth/nodeidentifier`). */
import type { UserInfo } from '../server/api-message.ts';

const prefix = 'system:node:';

/** The name of the node that a user is; undefined for everybody else. */
export function nodeNameOf({ username, groups }: UserInfo): string | undefined {
  if (!username.startsWith(prefix) || !groups.includes('system:nodes')) return undefined;
  const name = username.slice(prefix.length);
  return name === '' ? undefined : name;
}
