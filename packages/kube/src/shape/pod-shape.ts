/**
 * The shape of core/v1 Pod and Namespace, as far as an engine reads them.
 *
 * An API server never stores anything else. Where a value of another type comes all the same, from a
 * server of another make or a broken proxy, the object must not be half understood.
 */
import type { FieldError } from '../field-error.ts';
import { checkShape, listShape, openShape, type Shape, stringShape } from './object-shape.ts';

const metadata = openShape({ creationTimestamp: stringShape, labels: { kind: 'stringMap' } });

const containers = listShape(
  openShape({
    restartPolicy: stringShape,
    ports: listShape(
      openShape({ name: stringShape, protocol: stringShape, containerPort: { kind: 'integer', min: 1, max: 65_535 } }, ['containerPort']),
    ),
  }),
);

/** A pod has one address of each family at most. */
const addressLimit = 2;

const pod: Shape = openShape({
  metadata,
  spec: openShape({ nodeName: stringShape, hostNetwork: { kind: 'boolean' }, containers, initContainers: containers }),
  status: openShape({ phase: stringShape, podIP: stringShape, podIPs: listShape(openShape({ ip: stringShape }, ['ip']), addressLimit) }),
});

const namespace: Shape = openShape({ metadata });

/** Everything in a pod from outside that an engine cannot read. */
export function checkPodShape(object: unknown): FieldError[] {
  return checkShape(object, pod, '', 'wrong');
}

/** Everything in a namespace from outside that an engine cannot read. */
export function checkNamespaceShape(object: unknown): FieldError[] {
  return checkShape(object, namespace, '', 'wrong');
}
