/** A text that may hold manifests, before it is read. */

/** One text with the name that places and messages carry. */
export interface ManifestText {
  /** A path with `/` or `\`, or what else names it. */
  readonly file: string;
  readonly text: string;
  /** Whether it was found in a folder instead of being named: then it may hold something else than objects. Default: no. */
  readonly found?: boolean;
}
