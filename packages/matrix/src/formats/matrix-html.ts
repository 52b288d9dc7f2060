/**
 * A matrix as one HTML page that needs nothing else: tables that a text filters, and a picture where one was
 * drawn. The page loads nothing and sends nothing.
 */
import type { MatrixReport } from '../matrix-report.ts';
import { familyText } from './family-text.ts';
import {
  admittedText,
  backendsText,
  clientsText,
  entryTargetText,
  entryText,
  exposureSections,
  matrixNotes,
  matrixSections,
  serviceText,
  summaryText,
} from './matrix-sections.ts';

const style = `
body { font: 14px/1.4 system-ui, sans-serif; margin: 2rem; color: #1b1f24; background: #fff; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.05rem; margin: 1.6rem 0 .4rem; }
input { font: inherit; padding: .4rem .6rem; width: min(40rem, 100%); box-sizing: border-box; }
table { border-collapse: collapse; } th, td { text-align: left; vertical-align: top; padding: .25rem .9rem .25rem 0; border-bottom: 1px solid #d8dee4; }
tr.unknown td { color: #8a5a00; } .picture { overflow: auto; border: 1px solid #d8dee4; margin: 1rem 0; } .picture svg { max-width: none; }
`;

/** Hides the rows that do not hold every word of the filter, and sections without rows. */
const script = `
const filter = document.getElementById('filter');
filter.addEventListener('input', () => {
  const words = filter.value.toLowerCase().split(/\\s+/).filter(Boolean);
  for (const section of document.querySelectorAll('section')) {
    let shown = 0;
    for (const row of section.querySelectorAll('tbody tr')) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) shown++;
    }
    section.hidden = shown === 0;
  }
});
`;

/** The page; `picture` is SVG, or a sentence that says why there is none. */
export function matrixHtml(report: MatrixReport, picture: { readonly svg: string } | { readonly reason: string }): string {
  const row = (cells: readonly string[], unknown = false): string =>
    `<tr${unknown ? ' class="unknown"' : ''}>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`;
  const connection = ({ from, to, traffic, families }: MatrixReport['connections'][number]): string[] => [
    from,
    to,
    traffic,
    familyText(families),
  ];
  const sections = [
    ...[...matrixSections(report), ...exposureSections(report)].map(({ title, rows }) =>
      section(
        title,
        ['From', 'To', 'Traffic', 'Family'],
        rows.map((one) => row(connection(one))),
      ),
    ),
    section(
      'Not known',
      ['From', 'To', 'Traffic', 'Family', 'Depends on'],
      report.unknown.map((one) => row([...connection(one), one.missing], true)),
    ),
    section(
      'Services',
      ['Service', 'Backends', 'Reached from'],
      report.services.map((one) => row([serviceText(one), backendsText(one), clientsText(one)])),
    ),
    section(
      'Entry points',
      ['Entry point', 'To', 'Let in', 'Depends on'],
      report.entryPoints.map((one) => row([entryText(one), entryTargetText(one), admittedText(one), one.facts.join('; ')])),
    ),
  ];
  const drawn = 'svg' in picture ? `<div class="picture">${picture.svg}</div>` : `<p>${escaped(picture.reason)}</p>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>Who can talk to whom</title>
<style>${style}</style>
</head>
<body>
<h1>Who can talk to whom</h1>
<p>${escaped(summaryText(report))}, as ${escaped(report.profile)} reads the policies.</p>
<p><input id="filter" type="search" placeholder="Words that a row must hold" aria-label="Filter"></p>
${sections.filter((text) => text !== '').join('\n')}
<ul>
${matrixNotes(report)
  .map((note) => `<li>${escaped(note)}</li>`)
  .join('\n')}
</ul>
${drawn}
<script>${script}</script>
</body>
</html>
`;
}

function section(title: string, headers: readonly string[], rows: readonly string[]): string {
  if (rows.length === 0) return '';
  const head = headers.map((header) => `<th>${escaped(header)}</th>`).join('');
  return `<section>
<h2>${escaped(title)}</h2>
<table>
<thead><tr>${head}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
</section>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
