/** Whether the sockets of a node can be where they are to be. */
import { ClusterError } from './cluster-error.ts';
import type { ClusterLayout } from './cluster-layout.ts';

/** sun_path of unix(7) has 108 bytes with its end. */
const pathMax = 107;

/** Throws {@link ClusterError} for a node whose sockets would have paths that the kernel does not take. */
export function checkSocketPaths(layout: ClusterLayout, node: string): void {
  const paths = [layout.nodeSocket(node), layout.gateSocket(node), layout.namesSocket(node), layout.hnsSocket(node)];
  const tooLong = paths.find((path) => Buffer.byteLength(path) > pathMax);
  if (tooLong === undefined) return;
  throw new ClusterError(
    'invalid',
    `the socket ${tooLong} has a path of ${Buffer.byteLength(tooLong)} bytes, and the kernel takes ${pathMax}: let WEIR_RUN_DIR be a shorter directory, or give cluster and node shorter names`,
  );
}
