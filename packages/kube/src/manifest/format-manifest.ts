/** Objects as a manifest that kubectl, and {@link parseManifest}, read back as they are. */
import { stringify } from 'yaml';
import type { KubeObject } from '../objects/object-meta.ts';

/** The YAML of the objects, one document each. Texts that YAML 1.1 would read as something else are quoted. */
export function formatManifest(objects: readonly KubeObject[]): string {
  return objects.map((object) => stringify(object, { schema: 'yaml-1.1', lineWidth: 0, aliasDuplicateObjects: false })).join('---\n');
}
