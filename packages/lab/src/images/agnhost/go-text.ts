/** Texts as Go's standard library words them: durations, log lines, errors and addresses. */

/** Milliseconds of a Go duration (`3s`, `1m30s`, `500ms`, `0`), or undefined when the text is none. */
export function parseGoDuration(text: string): number | undefined {
  const match = /^([+-]?)((?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.exec(text);
  if (/^[+-]?0$/.test(text)) return 0;
  if (match === null) return undefined;
  let milliseconds = 0;
  for (const [, number, unit] of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g)) {
    milliseconds += Number(number) * (unitMilliseconds[unit ?? ''] ?? 0);
  }
  return match[1] === '-' ? -milliseconds : milliseconds;
}

const unitMilliseconds: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** One line of Go's `log` package: local date and time, then the message. */
export function goLogLine(message: string, now: Date = new Date()): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = `${now.getFullYear()}/${two(now.getMonth() + 1)}/${two(now.getDate())}`;
  return `${date} ${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())} ${message.replace(/\n$/, '')}\n`;
}

/** A duration as Go's `%s` prints it; enough for whole milliseconds and more. */
export function formatGoDuration(milliseconds: number): string {
  if (milliseconds === 0) return '0s';
  if (milliseconds < 1000) return `${milliseconds}ms`;
  const hours = Math.floor(milliseconds / 3_600_000);
  const minutes = Math.floor(milliseconds / 60_000) % 60;
  const seconds = (milliseconds % 60_000) / 1000;
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds}s`;
}

const errnoTexts: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'cannot assign requested address',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by peer',
  EHOSTUNREACH: 'no route to host',
  EISDIR: 'is a directory',
  EINVAL: 'invalid argument',
  ENOENT: 'no such file or directory',
  ENETUNREACH: 'network is unreachable',
  EPERM: 'operation not permitted',
  EPIPE: 'broken pipe',
  ETIMEDOUT: 'connection timed out',
};

/** The C library's text of an error code, as Go shows it. */
export function errnoText(error: unknown): string {
  const code = errorCode(error);
  return errnoTexts[code] ?? (error instanceof Error ? error.message : String(error));
}

/** The `code` of a Node error, or the empty text. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** `address:port`, with brackets around IPv6 and IPv4-mapped addresses shown as IPv4. */
export function joinHostPort(address: string | undefined, port: number | string | undefined): string {
  const plain = (address ?? '').replace(/^::ffff:(?=\d+\.)/, '');
  return plain.includes(':') ? `[${plain}]:${port ?? ''}` : `${plain}:${port ?? ''}`;
}

/** Takes `host:port` apart as net.SplitHostPort does, or returns its error text. */
export function splitHostPort(text: string): { readonly host: string; readonly port: string } | { readonly error: string } {
  const fail = (why: string): { readonly error: string } => ({ error: `address ${text}: ${why}` });
  const colon = text.lastIndexOf(':');
  if (colon < 0) return fail('missing port in address');
  if (text.startsWith('[')) {
    const end = text.indexOf(']');
    if (end < 0) return fail("missing ']' in address");
    if (end + 1 === text.length) return fail('missing port in address');
    if (end + 1 !== colon) return fail(text[end + 1] === ':' ? 'too many colons in address' : 'missing port in address');
    return { host: text.slice(1, end), port: text.slice(colon + 1) };
  }
  const host = text.slice(0, colon);
  if (host.includes(':')) return fail('too many colons in address');
  if (/[[\]]/.test(text)) return fail(text.includes('[') ? "unexpected '[' in address" : "unexpected ']' in address");
  return { host, port: text.slice(colon + 1) };
}
