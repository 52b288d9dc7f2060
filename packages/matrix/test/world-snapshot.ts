/** A random world as the snapshot of its objects. */
import { type LoadSnapshotOptions, loadSnapshot, type Snapshot } from '@weir/snapshot';
import { objectsOf, type World } from '@weir/testkit';

/** Loads it. */
export function snapshotOfWorld(world: World, options: LoadSnapshotOptions = {}): Snapshot {
  return loadSnapshot(objectsOf(world), options);
}
