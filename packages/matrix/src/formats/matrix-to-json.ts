/** A matrix as the JSON of `weir matrix -o json`; the field names are a contract with scripts. */
import type { MatrixReport } from '../matrix-report.ts';

/** One pair of pods on one port, as `--port` and `--probe` tell it. */
export interface MatrixCellJson {
  /** `namespace/pod`. */
  readonly source: string;
  readonly destination: string;
  /** `80/TCP`, `ICMP`. */
  readonly port: string;
  /** The family of the addresses that talk. */
  readonly family: 4 | 6;
  readonly computed: 'allow' | 'deny' | 'unknown';
  /** What came of trying it; absent when it was not tried. */
  readonly probed?: string;
}

/** Pairs of single pods. */
export interface MatrixCellsJson {
  readonly ports: readonly string[];
  readonly cells: readonly MatrixCellJson[];
  /** How many of the cells were answered otherwise than computed. */
  readonly differences: number;
}

/** The report, and where they are few or asked for the pairs of single pods too. */
export type MatrixJson = MatrixReport & Partial<MatrixCellsJson>;

/** Puts both together. */
export function matrixToJson(report: MatrixReport, cells?: MatrixCellsJson): MatrixJson {
  return { ...report, ...cells };
}
