/**
 * Recorded requests of a client, as text: what it sends, header by header, and what it looks at in the answers.
 *
 * ```
 * User-Agent: policy-assistant/v0.0.0            headers that every request of the file has
 *
 * @ the client makes a namespace                 a step
 * POST /api/v1/namespaces
 * Content-Type: application/json
 *
 * {"kind":"Namespace", …}                        a body: text, or `hex` and its bytes
 * => 201                                         `=> 200 in the end`: asked again until all holds
 * /metadata/labels/ns = "x"                      JSON pointer; also `~ /regular expression/`, `# 3` (length), `absent`
 * /metadata/uid -> uid                           kept; `${uid}` in what follows
 *
 * @ a watch
 * GET /api/v1/pods?watch=true
 * => 200 as pods                                 stays open under that name
 *
 * @ the watch tells of it
 * <= pods ADDED                                  the next event; also `in the end ADDED` (others may come before),
 * /metadata/name = "a"                           `synced` (ADDED until the bookmark that ends the initial events)
 * ```
 */

/** One thing that the client looks at. */
export interface Check {
  /** JSON pointer into the body, or `header NAME`. */
  readonly at: string;
  readonly is: '=' | '~' | '#' | 'absent' | '->';
  readonly value: string;
}

/** A request and what the client expects of its answer. */
export interface RequestStep {
  readonly kind: 'request';
  readonly title: string;
  readonly method: string;
  readonly path: string;
  readonly headers: ReadonlyMap<string, string>;
  /** Absent: none. Bytes when the recording has them in hex. */
  readonly body: string | Buffer | undefined;
  readonly status: number;
  /** Whether the client asks again until all checks hold. */
  readonly isRepeated: boolean;
  /** The name under which the answer stays open. */
  readonly stream: string | undefined;
  readonly checks: readonly Check[];
}

/** Events that must come on open watches. */
export interface EventStep {
  readonly kind: 'events';
  readonly title: string;
  readonly events: readonly ExpectedEvent[];
}

/** One event. */
export interface ExpectedEvent {
  readonly stream: string;
  readonly type: string;
  /** `next`: nothing else before it. `eventual`: others may come before. `synced`: the end of the initial events. */
  readonly how: 'next' | 'eventual' | 'synced';
  readonly checks: readonly Check[];
}

/** Reads the text of a recording; throws with the line that it does not understand. */
export function parseRecording(text: string): (RequestStep | EventStep)[] {
  const [head = '', ...steps] = text
    .split('\n')
    .filter((line) => !line.startsWith('# '))
    .join('\n')
    .split(/^@ /m);
  const common = parseHeaders(head.trim().split('\n'));
  return steps.map((step) => parseStep(step, common));
}

function parseStep(text: string, common: ReadonlyMap<string, string>): RequestStep | EventStep {
  const [title = '', ...lines] = text.trimEnd().split('\n');
  if (lines[0]?.startsWith('<= ') === true) return { kind: 'events', title, events: parseEvents(lines) };
  const answerAt = lines.findIndex((line) => line.startsWith('=> '));
  const [, status = '', how = ''] = /^=> (\d+)(?: (in the end|as \S+))?$/.exec(lines[answerAt] ?? '') ?? [];
  if (status === '') throw new Error(`"${title}" does not say what is answered`);
  const [start = '', ...sent] = lines.slice(0, answerAt);
  const [method = '', path = ''] = start.split(' ');
  const bodyAt = sent.indexOf('');
  const headers = parseHeaders(bodyAt < 0 ? sent : sent.slice(0, bodyAt));
  return {
    kind: 'request',
    title,
    method,
    path,
    headers: new Map([...common, ...headers]),
    body: bodyAt < 0 ? undefined : parseBody(sent.slice(bodyAt + 1)),
    status: Number(status),
    isRepeated: how === 'in the end',
    stream: how.startsWith('as ') ? how.slice(3) : undefined,
    checks: parseChecks(lines.slice(answerAt + 1)),
  };
}

function parseEvents(lines: readonly string[]): ExpectedEvent[] {
  return lines
    .join('\n')
    .split(/^<= /m)
    .slice(1)
    .map((text) => {
      const [first = '', ...checks] = text.trimEnd().split('\n');
      const [, stream = '', eventual, type = ''] = /^(\S+) (in the end )?(\S+)$/.exec(first) ?? [];
      if (stream === '') throw new Error(`no event: ${first}`);
      const how = type === 'synced' ? type : eventual === undefined ? 'next' : 'eventual';
      return { stream, type, how, checks: parseChecks(checks) };
    });
}

function parseHeaders(lines: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    lines
      .filter((line) => line !== '')
      .map((line): [string, string] => {
        const colon = line.indexOf(': ');
        if (colon < 0) throw new Error(`no header: ${line}`);
        return [line.slice(0, colon), line.slice(colon + 2)];
      }),
  );
}

function parseBody(lines: readonly string[]): string | Buffer {
  if (lines[0] === 'hex') return Buffer.from(lines.slice(1).join('').replaceAll(' ', ''), 'hex');
  return lines.join('\n').trimEnd();
}

function parseChecks(lines: readonly string[]): Check[] {
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const [, at = '', is = '', value = ''] = /^(\/\S*|header \S+) (=|~|#|absent|->) ?(.*)$/.exec(line) ?? [];
      if (at === '') throw new Error(`no check: ${line}`);
      return { at, is: is as Check['is'], value };
    });
}
