/** Reads the text format of Prometheus 0.0.4 as strictly as its page describes it; throws at the first line that is not so. */

export interface ReadFamily {
  readonly type: string;
  readonly help: string;
  /** Values by the name of the sample with its labels, as written. */
  readonly samples: Map<string, number>;
}

const name = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const labelPair = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\[\\\\"n])*"';
const sampleLine = new RegExp(
  `^(${name})(\\{(?:${labelPair}(?:,${labelPair})*,?)?\\})? (NaN|[+-]Inf|-?\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?)(?: -?\\d+)?$`,
);

/** All families by name. */
export function readExposition(text: string): Map<string, ReadFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families = new Map<string, ReadFamily>();
  let current: { name: string; family: ReadFamily } | undefined;
  let help: { name: string; text: string } | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    const comment = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line);
    if (comment?.[1] === 'HELP') {
      if (!/^(?:[^\\]|\\[\\n])*$/.test(comment[3] ?? '')) throw new Error(`a bad escape: ${line}`);
      help = { name: comment[2] ?? '', text: comment[3] ?? '' };
    } else if (comment?.[1] === 'TYPE') {
      const [, , family = '', type = ''] = comment;
      if (families.has(family)) throw new Error(`a second time: ${line}`);
      if (!/^(counter|gauge|histogram|summary|untyped)$/.test(type)) throw new Error(`no type: ${line}`);
      if (help?.name !== family) throw new Error(`no HELP before: ${line}`);
      current = { name: family, family: { type, help: help.text, samples: new Map() } };
      families.set(family, current.family);
    } else readSample(line, current);
  }
  for (const [family, read] of families) checkFamily(family, read);
  return families;
}

function readSample(line: string, current: { name: string; family: ReadFamily } | undefined): void {
  const match = sampleLine.exec(line);
  if (match === null || current === undefined) throw new Error(`no sample: ${line}`);
  const [, sample = '', labels = '', value = ''] = match;
  const suffixes = current.family.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
  if (!suffixes.some((suffix) => sample === current.name + suffix)) throw new Error(`not of ${current.name}: ${line}`);
  const key = sample + labels;
  if (current.family.samples.has(key)) throw new Error(`a second time: ${line}`);
  current.family.samples.set(key, value.endsWith('Inf') ? Number(`${value}inity`.replace('+', '')) : Number(value));
}

function checkFamily(family: string, { type, samples }: ReadFamily): void {
  if (type === 'counter') {
    for (const [sample, value] of samples) if (!(value >= 0)) throw new Error(`a counter below 0: ${sample} ${value}`);
    if (!family.endsWith('_total')) throw new Error(`a counter is called ..._total: ${family}`);
  }
  if (type !== 'histogram') return;
  let last = 0;
  for (const [sample, value] of samples) {
    if (!sample.startsWith(`${family}_bucket`)) continue;
    if (value < last) throw new Error(`buckets are cumulative: ${sample}`);
    last = sample.includes('le="+Inf"') ? 0 : value;
    if (
      sample.includes('le="+Inf"') &&
      value !==
        samples.get(
          sample
            .replace('_bucket', '_count')
            .replace(/,?le="\+Inf"|\{le="\+Inf"\}/, '')
            .replace('{}', ''),
        )
    )
      throw new Error(`the last bucket is not the count: ${sample}`);
  }
}
