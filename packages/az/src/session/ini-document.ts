/** The form of az's `config` and `clouds.config`: sections in brackets, `key = value` in them. */

/** Sections by name, values by key. */
export type IniDocument = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Reads one; lines that are neither are passed over. */
export function parseIni(text: string): IniDocument {
  const sections: Record<string, Record<string, string>> = {};
  let section: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const name = /^\s*\[(.+)\]\s*$/.exec(line)?.[1];
    const pair = /^\s*([^=#;\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line);
    if (name !== undefined) section = sections[name] ??= {};
    else if (pair !== null) section[pair[1] ?? ''] = pair[2] ?? '';
  }
  return sections;
}

/** Writes one. */
export function renderIni(document: IniDocument): string {
  return Object.entries(document)
    .map(([name, values]) => [`[${name}]`, ...Object.entries(values).map(([key, value]) => `${key} = ${value}`), ''].join('\n'))
    .join('\n');
}
