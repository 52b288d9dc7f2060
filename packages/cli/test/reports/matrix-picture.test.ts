import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseManifest } from '@weir/kube';
import { type MatrixConnection, type MatrixReport, matrixHtml, reportMatrix } from '@weir/matrix';
import { defined } from '@weir/net';
import { loadSnapshot } from '@weir/snapshot';
import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import { drawMatrix } from '../../src/reports/matrix-picture.ts';

const file = join(import.meta.dirname, '../../../../examples/three-tier/shop.yaml');
const report = reportMatrix(loadSnapshot(parseManifest(readFileSync(file, 'utf8'), 'shop.yaml').documents));

async function svgOf(drawn: MatrixReport): Promise<string> {
  const picture = await drawMatrix(drawn);
  return 'svg' in picture ? picture.svg : picture.reason;
}

/** The lines of a picture as an XML parser finds them: the ids of both ends, and what is written at the line. */
function linesOf(svg: string): string[] {
  const lines: string[] = [];
  let title = '';
  let text = '';
  const parser = new SaxesParser({});
  parser.on('opentag', () => (text = ''));
  parser.on('text', (part) => (text += part));
  parser.on('closetag', ({ name }) => {
    if (name === 'title') title = text;
    if (name === 'text' && title.includes('->')) lines.push(`${title} ${text.replaceAll('\u00a0', ' ')}`);
  });
  parser.write(svg).close();
  return lines.sort();
}

describe('the picture of a matrix', () => {
  it('has a line for each connection, with its traffic', async () => {
    const id = (name: string): string => `n${report.ends.findIndex((end) => end.name === name) + 1}`;
    expect(report.connections.length).toBeGreaterThan(2);
    expect(linesOf(await svgOf(report))).toEqual(
      report.connections.map(({ from, to, traffic }) => `${id(from)}->${id(to)} ${traffic}`).sort(),
    );
  });

  it('takes every text as it is', async () => {
    const [row] = report.connections;
    const traffic = '&lt; "\\N" <b>';
    const svg = await svgOf({ ...report, connections: [{ ...defined(row, 'a connection'), traffic }] });
    expect(linesOf(svg).map((line) => line.slice(line.indexOf(' ') + 1))).toEqual([traffic]);
  });

  it('is left out with the reason where nobody could read it, and the page has its tables all the same', async () => {
    const many = Array.from({ length: 601 }, (): MatrixConnection => defined(report.connections[0], 'a connection'));
    const picture = await drawMatrix({ ...report, connections: many });
    expect(picture).toEqual({ reason: expect.stringContaining('--focus') });
    expect(matrixHtml(report, picture)).toContain('601 connections are too many for a picture');
  });
});
