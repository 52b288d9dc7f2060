/** The kinds of values that settings have: how each is read, checked and written. */
import type { SettingKind } from './setting.ts';

/** A text that matches a pattern; `what` completes "… is no". */
export function textLike(placeholder: string, pattern: RegExp, what: string): SettingKind<string> {
  return {
    placeholder,
    read: (text) => (pattern.test(text) ? { value: text } : { problem: `'${text}' is no ${what}` }),
    write: (text) => text,
  };
}

/** The path of a file or a directory. */
export function path(placeholder: 'FILE' | 'DIR'): SettingKind<string> {
  const what = placeholder === 'FILE' ? 'file' : 'directory';
  return {
    placeholder,
    read: (text) => (text === '' ? { problem: `give the path of a ${what}` } : { value: text }),
    write: (text) => text,
  };
}

/** The path of a unix socket: sun_path of unix(7) has 108 bytes with its end. */
export const socketPath: SettingKind<string> = {
  placeholder: 'PATH',
  read: (text) => {
    const length = Buffer.byteLength(text);
    if (length === 0) return { problem: 'give the path of a socket' };
    return length > 107 ? { problem: `the path has ${length} bytes, a socket's has 107 at most` } : { value: text };
  },
  write: (text) => text,
};

/** One of a few words. */
export function choice<T extends string>(...choices: readonly T[]): SettingKind<T> {
  return {
    placeholder: choices.join('|'),
    choices,
    read: (text) => {
      const value = choices.find((each) => each === text);
      return value === undefined ? { problem: `it is one of ${choices.join(', ')}, not '${text}'` } : { value };
    },
    write: (value) => value,
  };
}

/** `true` or `false`. */
export const yesOrNo: SettingKind<boolean> = {
  placeholder: 'true|false',
  choices: ['true', 'false'],
  read: (text) => (text === 'true' || text === 'false' ? { value: text === 'true' } : { problem: `it is true or false, not '${text}'` }),
  write: String,
};

/** A whole number. */
export function whole(min: number, max: number): SettingKind<number> {
  return {
    placeholder: 'N',
    read: (text) => {
      const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= max ? { value } : { problem: `it is a whole number from ${min} to ${max}, not '${text}'` };
    },
    write: String,
  };
}

/** A list with at least one item; `emptyProblem` says why there must be one. */
export function listOf<T>(item: SettingKind<T>, emptyProblem: string): SettingKind<readonly T[]> {
  return {
    placeholder: `${item.placeholder}[,${item.placeholder}]`,
    isList: true,
    read: (text) => {
      if (text === '') return { problem: emptyProblem };
      const readings = text.split(',').map((part) => item.read(part.trim()));
      const problems = readings.flatMap((reading) => ('problem' in reading ? [reading.problem] : []));
      if (problems.length > 0) return { problem: problems.join('; ') };
      return { value: readings.flatMap((reading) => ('value' in reading ? [reading.value] : [])) };
    },
    write: (values) => values.map((value) => item.write(value)).join(','),
  };
}
