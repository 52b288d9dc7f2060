/** Names of the domain name system, and the patterns of them that policies have. */

/**
 * Whether a name fits a pattern: `*` alone is every name, at the beginning `**.` is one label or more, and any other `*`
 * characters of one label, perhaps none. Names and pattern are in lower case and without the last dot.
 */
export function domainMatcher(pattern: string): (name: string) => boolean {
  if (pattern === '*') return () => true;
  const isDeep = pattern.startsWith('**.');
  const wanted = (isDeep ? pattern.slice(3) : pattern).split('.');
  return (name) => {
    const labels = name.split('.');
    const more = labels.length - wanted.length;
    if (isDeep ? more < 1 : more !== 0) return false;
    return wanted.every((each, i) => labelFits(labels[more + i] ?? '', each));
  };
}

/** Patterns come from anybody who may write policies: no more than the product of both lengths, unlike a regular expression. */
function labelFits(label: string, pattern: string): boolean {
  let [at, star, retry] = [0, -1, 0];
  let i = 0;
  while (i < label.length) {
    if (at < pattern.length && pattern[at] === '*') {
      star = at++;
      retry = i;
    } else if (pattern[at] === label[i]) {
      at++;
      i++;
    } else if (star >= 0) {
      at = star + 1;
      i = ++retry;
    } else return false;
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}
