/**
 * The formats of strings that schemas may name, as the real server's validators read them (`kube-openapi/pkg/validation/strfmt`).
 * A format that is not known is not checked.
 */
import { parseAddress } from '@weir/net';
import { parseApiCidr } from '../network-policy/api-cidr.ts';

const days31 = '(0[1-9]|[12][0-9]|3[01])';
const datePattern = new RegExp(`^[0-9]{4}-(0[1-9]|1[0-2])-${days31}$`);
const timePattern = new RegExp(
  `^[0-9]{4}-(0[1-9]|1[0-2])-${days31}[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)([.,][0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})?$`,
);
const durationPattern = /^([+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$/;
const uuid = (version: string): RegExp =>
  new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?${version === '3' ? '[0-9a-f]' : '[89ab]'}[0-9a-f]{3}-?[0-9a-f]{12}$`, 'i');
const hostnameLabel = /^[\p{L}\p{N}]([\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?$/u;

const checks: Readonly<Record<string, (text: string) => boolean>> = {
  date: (text) => datePattern.test(text) && !Number.isNaN(Date.parse(text)),
  'date-time': (text) => timePattern.test(text),
  datetime: (text) => timePattern.test(text),
  duration: (text) =>
    text === '0' ||
    durationPattern.test(text) ||
    /^[+-]?[0-9]+ ?(nanosecond|microsecond|millisecond|second|minute|hour|day|week)s?$/i.test(text),
  uri: isUri,
  email: (text) => /^[^\s@<>]+@[^\s@<>]+$/.test(text),
  hostname: (text) =>
    text.length <= 255 &&
    text
      .replace(/\.$/, '')
      .split('.')
      .every((label) => hostnameLabel.test(label)),
  ipv4: (text) => !text.includes(':') && parseAddress(text)?.family === 4,
  ipv6: (text) => text.includes(':') && parseAddress(text) !== undefined,
  ip: (text) => parseAddress(text) !== undefined,
  cidr: (text) => parseApiCidr(text) !== undefined,
  mac: (text) => /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}([:-][0-9a-f]{2}){0,2}$/i.test(text) || /^([0-9a-f]{4}\.){2}[0-9a-f]{4}$/i.test(text),
  uuid: (text) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(text),
  uuid3: (text) => uuid('3').test(text),
  uuid4: (text) => uuid('4').test(text),
  uuid5: (text) => uuid('5').test(text),
  byte: (text) => /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text),
  hexcolor: (text) => /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.test(text),
  rgbcolor: (text) => /^rgb\(\s*([0-9]{1,3})\s*,\s*([0-9]{1,3})\s*,\s*([0-9]{1,3})\s*\)$/.test(text),
  bsonobjectid: (text) => /^[0-9a-f]{24}$/i.test(text),
  ssn: (text) => /^[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}$/.test(text),
  password: () => true,
};

/** Whether a text is of a format; undefined when the format is not known. */
export function isOfFormat(format: string, text: string): boolean | undefined {
  return Object.hasOwn(checks, format) ? checks[format]?.(text) : undefined;
}

/** Go's `url.ParseRequestURI`: an absolute path or a scheme, without blanks. */
function isUri(text: string): boolean {
  return /^(\/|[A-Za-z][A-Za-z0-9+.-]*:)[^\s]*$/.test(text) && !/%(?![0-9A-Fa-f]{2})/.test(text);
}
