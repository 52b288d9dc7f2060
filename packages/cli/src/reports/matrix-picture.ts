/** A matrix drawn as SVG, by Graphviz in WebAssembly. */
import { type MatrixReport, matrixDot, matrixNamespacesDot } from '@weir/matrix';

/** A picture; with `about` where it is not of all ends, but of something larger. */
export interface MatrixPicture {
  readonly svg: string;
  readonly about?: string;
}

/** Pictures of more lines than that take minutes, and nobody can read them. */
const drawnMax = 600;

/** Draws it: by ends, or by namespaces where that would be too much. */
export async function drawMatrix(report: MatrixReport): Promise<MatrixPicture> {
  const count = report.connections.length + report.unknown.length;
  if (count <= drawnMax) return { svg: await drawn(matrixDot(report)) };
  const about = `${count} connections are too many for a picture of all ends (at most ${drawnMax}): these are the namespaces, with the number of connections; ask for a part with --focus, --from, --to, --namespace or --port`;
  return { svg: await drawn(matrixNamespacesDot(report)), about };
}

/** Graphviz is large, and only pictures need it. */
async function drawn(dot: string): Promise<string> {
  const { instance } = await import('@viz-js/viz');
  const svg = (await instance()).renderString(dot, { format: 'svg', engine: 'dot' });
  return svg.slice(Math.max(0, svg.indexOf('<svg')));
}
