/** A row of the table of engines, and which engines it compares. */

/** The engines that AKS has. */
export const comparedEngines = ['azure', 'calico', 'cilium'] as const;

/** An engine that AKS has. */
export type ComparedEngine = (typeof comparedEngines)[number];

/** What people call them. */
export const engineTitles: Readonly<Record<ComparedEngine, string>> = {
  azure: 'Azure Network Policy Manager',
  calico: 'Calico',
  cilium: 'Cilium',
};

/** One row. */
export interface EngineRow extends Readonly<Record<ComparedEngine, string>> {
  readonly feature: string;
  /** The article's own words, shortened; AKS's other pages; or the profiles that Weir judges by. */
  readonly source: 'article' | 'documentation' | 'profile';
  /** What Weir does about it when it behaves like the engine. */
  readonly weir: string;
}
