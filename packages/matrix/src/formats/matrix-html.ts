/**
 * A matrix as one HTML page that needs nothing else: tables that a text filters, and a picture where one was
 * drawn. The page loads nothing and sends nothing.
 */
import type { MatrixCauses } from '../matrix-causes.ts';
import type { MatrixConnection, MatrixReport } from '../matrix-report.ts';
import { familyText } from './family-text.ts';
import {
  admittedText,
  backendsText,
  clientsText,
  entryTargetTextIn,
  entryText,
  exposureSections,
  matrixNotes,
  matrixSections,
  serviceTextIn,
  summaryText,
} from './matrix-sections.ts';

const style = `
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --line: #d8dee4; --soft: #57606a; --mark: #ddf4ff; --open: #0969da; --unsure: #8a5a00; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --paper: #0d1117; --line: #30363d; --soft: #9198a1; --mark: #0c2d4d; --open: #58a6ff; --unsure: #d29922; }
}
body { font: 14px/1.45 system-ui, sans-serif; margin: 2rem auto; padding: 0 1.5rem; max-width: 75rem; color: var(--ink); background: var(--paper); }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.05rem; margin: 1.8rem 0 .4rem; } p.summary { color: var(--soft); margin: .3rem 0 1.2rem; }
form { position: sticky; top: 0; padding: .6rem 0; background: var(--paper); display: flex; gap: .8rem; align-items: center; flex-wrap: wrap; }
input { font: inherit; padding: .4rem .6rem; flex: 1 1 20rem; max-width: 40rem; box-sizing: border-box; }
output { color: var(--soft); }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .3rem 1rem .3rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { color: var(--soft); font-weight: 600; } tbody tr:hover { background: var(--mark); } tr.unknown td { color: var(--unsure); }
button.end, button.traffic { font: inherit; color: var(--open); background: none; border: 0; padding: 0; text-align: left; cursor: pointer; }
button:is(.end, .traffic):is(:hover, :focus-visible) { text-decoration: underline; }
tr.why td { color: var(--soft); padding-left: 1.2rem; } tr.why div { white-space: pre-wrap; }
ul { color: var(--soft); padding-left: 1.2rem; } details { margin: 1rem 0; } summary { cursor: pointer; }
.picture { overflow: auto; border: 1px solid var(--line); margin: .6rem 0; background: #fff; } .picture svg { display: block; max-width: 100%; height: auto; margin: auto; }
@media print { form { display: none; } button:is(.end, .traffic) { color: inherit; } body { margin: 0; max-width: none; } }
`;

/**
 * Hides the rows that do not hold every word of the filter, and sections without rows. A click on an end shows what it
 * reaches and what reaches it, one on traffic the connection with what decides it; the address of the page keeps what is shown.
 */
const script = `
const filter = document.getElementById('filter');
const shown = document.getElementById('shown');
const causes = [...document.querySelectorAll('#causes li')].map((one) => one.textContent);
const endsOf = (row) => [...row.querySelectorAll('button.end')].map((end) => end.textContent);
const names = new Set([...document.querySelectorAll('button.end')].map((end) => end.textContent));
function tell(row) {
  const told = document.createElement('tr');
  told.className = 'why';
  const cell = told.appendChild(document.createElement('td'));
  cell.colSpan = row.cells.length;
  for (const one of row.dataset.why.split('|')) {
    const [traffic, pair, egress, ingress] = one.split(';');
    const line = cell.appendChild(document.createElement('div'));
    line.textContent = traffic + ', ' + causes[pair] + '\\n  egress: ' + causes[egress] + '\\n  ingress: ' + causes[ingress];
  }
  row.after(told);
}
function show() {
  const text = filter.value.trim();
  const words = text.toLowerCase().split(/\\s+/).filter(Boolean);
  const pair = text.split(' \u2192 ');
  const isPair = pair.length === 2 && pair.every((one) => names.has(one));
  let count = 0;
  for (const told of document.querySelectorAll('tr.why')) told.remove();
  for (const section of document.querySelectorAll('section')) {
    let rows = 0;
    for (const row of section.querySelectorAll('tbody tr')) {
      const ends = endsOf(row);
      const own = row.textContent.toLowerCase();
      row.hidden = !(ends.includes(text) || words.every((word) => own.includes(word)));
      if (text !== '' && names.has(text) && !ends.includes(text) && ends.length > 0) row.hidden = true;
      if (isPair) row.hidden = ends[0] !== pair[0] || ends[1] !== pair[1];
      if (!row.hidden) rows++;
      if (isPair && !row.hidden && row.dataset.why !== undefined) tell(row);
    }
    section.hidden = rows === 0;
    count += rows;
  }
  shown.value = text === '' ? '' : count + (count === 1 ? ' row' : ' rows');
}
function choose(text) {
  filter.value = text;
  history.replaceState(null, '', text === '' ? location.pathname + location.search : '#' + encodeURIComponent(text));
  show();
}
filter.addEventListener('input', () => choose(filter.value));
filter.form.addEventListener('submit', (event) => event.preventDefault());
document.addEventListener('click', (event) => {
  const chosen = event.target.closest('button.end, button.traffic');
  if (chosen === null) return;
  const text = chosen.className === 'end' ? chosen.textContent : endsOf(chosen.closest('tr')).join(' \u2192 ');
  choose(filter.value === text ? '' : text);
});
function asked() {
  const text = location.hash.slice(1);
  try { return decodeURIComponent(text); } catch { return text; }
}
addEventListener('hashchange', () => choose(asked()));
if (asked() !== '') choose(asked());
`;

/** What the page lets run and look: these two texts and no others (CSP level 2). A test holds them against the texts. */
const hashes = {
  style: 'sha256-Ll8EhdP0JzEXcCVLlgL3uqtyCn6T//WYjazEvUowHD4=',
  script: 'sha256-ih2E7yrw/rRl70JlMp2k7yQEVI+2c6eDPzWTevUVGXY=',
};

/** What the page has beside the tables. */
export interface MatrixPageParts {
  /** SVG, with what it is about where it is not of all ends. */
  readonly picture?: { readonly svg: string; readonly about?: string };
  /** What decides the connections, which a click on their traffic tells. */
  readonly causes?: MatrixCauses;
}

/** The page. */
export function matrixHtml(report: MatrixReport, { picture, causes = new Map() }: MatrixPageParts = {}): string {
  const texts = new CauseTexts(causes);
  const cellRow = (cells: readonly string[]): string => `<tr>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`;
  const connection = (row: MatrixConnection, missing?: string): string => {
    const { from, to, traffic, families } = row;
    const ends = [from, to].map((end) => `<td><button type="button" class="end">${escaped(end)}</button></td>`);
    const why = texts.of(row);
    const said = why === undefined ? escaped(traffic) : `<button type="button" class="traffic">${escaped(traffic)}</button>`;
    const others = [familyText(families), ...(missing === undefined ? [] : [missing])].map((cell) => `<td>${escaped(cell)}</td>`);
    const attributes = `${missing === undefined ? '' : ' class="unknown"'}${why === undefined ? '' : ` data-why="${escaped(why)}"`}`;
    return `<tr${attributes}>${[...ends, `<td>${said}</td>`, ...others].join('')}</tr>`;
  };
  const [serviceOf, targetOf] = [serviceTextIn(report), entryTargetTextIn(report)];
  const sections = [
    ...[...matrixSections(report), ...exposureSections(report)].map(({ title, rows }) =>
      section(
        title,
        ['From', 'To', 'Traffic', 'Family'],
        rows.map((one) => connection(one)),
      ),
    ),
    section(
      'Not known',
      ['From', 'To', 'Traffic', 'Family', 'Depends on'],
      report.unknown.map((one) => connection(one, one.missing)),
    ),
    section(
      'Services',
      ['Service', 'Backends', 'Reached from'],
      report.services.map((one) => cellRow([serviceOf(one), backendsText(one), clientsText(one)])),
    ),
    section(
      'Entry points',
      ['Entry point', 'To', 'Let in', 'Depends on'],
      report.entryPoints.map((one) => cellRow([entryText(one), targetOf(one), admittedText(one), one.facts.join('; ')])),
    ),
  ];
  const drawn = picture === undefined ? '' : pictureOf(picture);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '${hashes.style}'; script-src '${hashes.script}'">
<title>Who can talk to whom</title>
<style>${style}</style>
</head>
<body>
<h1>Who can talk to whom</h1>
<p class="summary">${escaped(summaryText(report))}, as ${escaped(report.profile)} reads the policies</p>
${drawn}
<form role="search">
<input id="filter" type="search" placeholder="Words that a row must hold, or click an end or traffic" aria-label="Filter" autocomplete="off">
<output id="shown" for="filter"></output>
</form>
${sections.filter((text) => text !== '').join('\n')}
<ul>
${matrixNotes(report)
  .map((note) => `<li>${escaped(note)}</li>`)
  .join('\n')}
</ul>
${texts.list()}<script>${script}</script>
</body>
</html>
`;
}

/** The texts of causes, each once: few rules decide many connections. */
class CauseTexts {
  readonly #causes: MatrixCauses;
  readonly #places: Map<string, number> = new Map();

  constructor(causes: MatrixCauses) {
    this.#causes = causes;
  }

  /** `TCP 80;0;1;2|TCP 443;0;3;2`: traffic with the places of the pair, of egress and of ingress. */
  of(row: MatrixConnection): string | undefined {
    return this.#causes
      .get(row)
      ?.map(({ traffic, pair, egress, ingress }) => [traffic, ...[pair, egress, ingress].map((text) => this.#placeOf(text))].join(';'))
      .join('|');
  }

  /** All that were asked for. */
  list(): string {
    if (this.#places.size === 0) return '';
    return `<ol id="causes" hidden>\n${[...this.#places.keys()].map((text) => `<li>${escaped(text)}</li>`).join('\n')}\n</ol>\n`;
  }

  #placeOf(text: string): number {
    const place = this.#places.get(text) ?? this.#places.size;
    this.#places.set(text, place);
    return place;
  }
}

function pictureOf({ svg, about }: { readonly svg: string; readonly about?: string }): string {
  const text = about === undefined ? '' : `<p>${escaped(about)}</p>`;
  return `<details open><summary>Picture</summary>${text}<div class="picture">${svg}</div></details>`;
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
