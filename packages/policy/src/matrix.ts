/** Who can talk to whom. */
import { type MatrixJson, matrixToJson, reportMatrix } from '@weir/matrix';
import type { Snapshot } from '@weir/snapshot';

/** What is shown; the cluster is judged as a whole in any case. */
export interface MatrixOptions {
  /** Only pods of these namespaces. Default: all. */
  readonly namespaces?: readonly string[];
  /** Also what pods could reach, and be reached by, that are not among the objects. Default: false. */
  readonly exposure?: boolean;
}

/** All connections that are possible, between classes of ends that policies treat alike. */
export function matrix(snapshot: Snapshot, { namespaces, exposure = false }: MatrixOptions = {}): MatrixJson {
  const shown =
    namespaces === undefined ? {} : { include: ({ namespace }: { readonly namespace: string }) => namespaces.includes(namespace) };
  return matrixToJson(reportMatrix(snapshot, { ...shown, exposure }));
}
