/** Who can talk to whom. */
import { type MatrixJson, matrixToJson, reportMatrix } from '@weir/matrix';
import type { Snapshot } from '@weir/snapshot';

/** What is shown; the cluster is judged as a whole in any case. */
export interface MatrixOptions {
  /** Only pods of these namespaces. Default: all. */
  readonly namespaces?: readonly string[];
}

/** All connections that are possible, between classes of ends that policies treat alike. */
export function matrix(snapshot: Snapshot, { namespaces }: MatrixOptions = {}): MatrixJson {
  return matrixToJson(
    reportMatrix(snapshot, namespaces === undefined ? {} : { include: ({ namespace }) => namespaces.includes(namespace) }),
  );
}
