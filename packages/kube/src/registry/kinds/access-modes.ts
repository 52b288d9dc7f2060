/** How tables abbreviate who may mount a volume, and for what. */

/** As `kubectl get` abbreviates them. */
const shortModes: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

/** One cell for all modes, such as `RWO,ROX`. */
export function accessModesCell(modes: readonly unknown[]): string {
  return modes.map((mode) => shortModes[String(mode)] ?? String(mode)).join(',');
}
