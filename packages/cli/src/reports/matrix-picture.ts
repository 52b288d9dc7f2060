/** A matrix drawn as SVG, by Graphviz in WebAssembly. */
import { type MatrixReport, matrixDot } from '@weir/matrix';

/** A picture, or why there is none. */
export type MatrixPicture = { readonly svg: string } | { readonly reason: string };

/** Pictures of more lines than that take minutes, and nobody can read them. */
const drawnMax = 600;

/** Draws it. */
export async function drawMatrix(report: MatrixReport): Promise<MatrixPicture> {
  const count = report.connections.length + report.unknown.length;
  if (count > drawnMax) {
    return {
      reason: `${count} connections are too many for a picture (at most ${drawnMax}): ask for a part with --focus, --from, --to, --namespace or --port`,
    };
  }
  // It is large, and only pictures need it.
  const { instance } = await import('@viz-js/viz');
  const svg = (await instance()).renderString(matrixDot(report), { format: 'svg', engine: 'dot' });
  return { svg: svg.slice(Math.max(0, svg.indexOf('<svg'))) };
}
